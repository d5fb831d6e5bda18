"""The time to first token over cached tokens, as SVG: python plot.py RESULTS FILE.svg."""

import json
import pathlib
import statistics
import sys

from bars import Bars

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 70, 140, 30, 50
COUNTS = (1024, 2048, 4096, 8192, 16_384)
COLOURS = {"135M": "#1f6feb", "1.1B": "#bf3989"}


def nice_step(largest):
    """A step of 1, 2 or 5 times a power of ten that cuts an axis into four to ten parts."""
    step = 1.0
    while largest / step > 10:
        step *= 2.5 if f"{step:e}"[0] == "2" else 2
    return step


def draw(bars):
    times = {
        shape: [1000 * bars.seconds(shape, "stored", f"cached {count} 64") for count in COUNTS]
        for shape in bars.shapes if shape in COLOURS}
    step = nice_step(max(map(max, times.values())))
    top = step * (1 + max(map(max, times.values())) // step)

    def x(count):
        return LEFT + (WIDTH - LEFT - RIGHT) * count / COUNTS[-1]

    def y(milliseconds):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * milliseconds / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="13" fill="#24292f">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    value = 0.0
    while value <= top:
        parts.append(
            f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>'
            f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,.0f}</text>')
        value += step
    for count in COUNTS:
        parts.append(
            f'<text x="{x(count):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{count // 1024}k</text>')
    parts.append(f'<text x="{LEFT}" y="18">first token of 64 new ones, ms</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">cached tokens</text>')
    for shape, values in times.items():
        slope, start = statistics.linear_regression(COUNTS, values)
        colour = COLOURS[shape]
        parts.append(
            f'<path d="M{x(0):.1f} {y(start):.1f}L{x(COUNTS[-1]):.1f} {y(start + slope * COUNTS[-1]):.1f}" '
            f'stroke="{colour}" stroke-dasharray="4 4" fill="none"/>')
        parts += [f'<circle cx="{x(c):.1f}" cy="{y(v):.1f}" r="4" fill="{colour}"/>' for c, v in zip(COUNTS, values)]
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{y(values[-1]) + 4:.1f}" fill="{colour}">{shape}: '
            f'{1000 * slope:.1f} µs a token</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
    pathlib.Path(sys.argv[2]).write_text(draw(Bars([json.loads(line) for line in lines])))

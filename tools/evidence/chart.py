"""Charts as SVG, drawn without any library: lines with error bars over an axis of numbers or of names."""
from xml.sax.saxutils import escape

_COLOURS = ["#1b6ca8", "#c4472b", "#3a8a4d", "#8a5aa8", "#b07d1e", "#4d4d4d"]
_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 178, 34, 52


class Line:
    def __init__(self, name, points, dashed=False):
        """points: [(x, y, standard error or None)]; x a number, or one of the chart's names"""
        self.name, self.points, self.dashed = name, points, dashed


def lines(title, x_title, y_title, series, ticks=None, top=None, bottom=0.0):
    """ticks: the x values to mark, evenly spaced; all that occur, in order, if None. -> SVG text"""
    if ticks is None:
        ticks = []
        for line in series:
            ticks += [x for x, _, _ in line.points if x not in ticks]
        if all(isinstance(x, (int, float)) for x in ticks):
            ticks.sort()
    top = top or max(y for line in series for _, y, _ in line.points) * 1.08 or 1
    across = (_WIDTH - _LEFT - _RIGHT) / max(len(ticks) - 1, 1)
    along = (_HEIGHT - _TOP - _BOTTOM) / (top - bottom)
    x_at = lambda x: _LEFT + ticks.index(x) * across + (across / 2 if len(ticks) == 1 else 0)
    y_at = lambda y: _HEIGHT - _BOTTOM - (min(max(y, bottom), top) - bottom) * along
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        '<style>text{fill:#222}.axis{stroke:#888}.grid{stroke:#ddd}'
        "@media (prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}}</style>",
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for step in range(6):
        value = bottom + (top - bottom) * step / 5
        y = y_at(value)
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(value, top)}</text>')
    for x in ticks:
        out.append(f'<text x="{x_at(x):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{escape(str(x))}</text>')
    out.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{_HEIGHT - _BOTTOM}" y2="{_HEIGHT - _BOTTOM}"/>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    out.append(f'<text x="{middle:.0f}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(x_title)}</text>')
    out.append(f'<text x="16" y="{_HEIGHT / 2:.0f}" text-anchor="middle" transform="rotate(-90 16 {_HEIGHT / 2:.0f})">{escape(y_title)}</text>')
    for index, line in enumerate(series):
        colour = _COLOURS[index % len(_COLOURS)]
        points = [(x_at(x), y_at(y)) for x, y, _ in line.points]
        path = " ".join(f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        out.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        for (x, y), (_, value, error) in zip(points, line.points):
            if error:
                out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y_at(value - error):.1f}" y2="{y_at(value + error):.1f}" stroke="{colour}"/>')
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        y = _TOP + 16 + 20 * index
        out.append(f'<line x1="{_WIDTH - _RIGHT + 12}" x2="{_WIDTH - _RIGHT + 36}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<text x="{_WIDTH - _RIGHT + 42}" y="{y + 4}">{escape(line.name)}</text>')
    return "\n".join(out + ["</svg>", ""])


def _number(value, top):
    return f"{value:.0f}" if top >= 10 else f"{value:.2f}" if top >= 0.1 else f"{value:.3f}"

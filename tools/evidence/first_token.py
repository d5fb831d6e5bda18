#!/usr/bin/env python3
"""Time to the first token with the store's states and without, as the paper's tables have it: by length, and by the share that is
cached; and the bytes that a token's states take, by model.

    tools/evidence/first_token.py [--model M]… [--pmlc P] [--weights q8] [--longest 4096] [--draw FOLDER]

Runs `pmlc bench`. Prints tables as Markdown."""
import argparse
import json
import pathlib
import subprocess

import chart


def bench(options, model, cached, new):
    command = [options.pmlc, "bench", "--cached", str(cached), "--new", str(new), "--repeats", str(options.repeats), "--json"]
    command += ["--model", model] if model else []
    command += ["--weights", options.weights] if options.weights else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def states(options, model):
    """-> {format: bytes a token}, from the model's own headers"""
    run = subprocess.run([options.pmlc, "inspect", "--model", model, "--json"], check=True, capture_output=True, text=True)
    return {state["format"]: state["bytes_per_token"] for state in json.loads(run.stdout)["states"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", dest="models", help="the model that ships if there is none")
    parser.add_argument("--pmlc", default=".build/release/pmlc")
    parser.add_argument("--weights")
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--shortest", type=int, default=256)
    parser.add_argument("--longest", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--draw", type=pathlib.Path)
    options = parser.parse_args()
    models = [(pathlib.Path(m).name.split(".")[0], m) for m in options.models or []] or [("the model that ships", None)]
    series = []
    for name, model in models:
        print(f"\n{name}: {options.new} new tokens behind so many cached ones\n\n| cached | from the store | without | ratio |\n| --- | --- | --- | --- |")
        cached, points = options.shortest, ([], [])
        while cached <= options.longest:
            found = bench(options, model, cached, options.new)
            print(f"| {found['cached_tokens']:,} | {found['cached_ttft_ms']:.1f} ms | {found['full_ttft_ms']:.0f} ms | {found['speedup']:.1f} |", flush=True)
            points[0].append((str(cached), found["cached_ttft_ms"], None))
            points[1].append((str(cached), found["full_ttft_ms"], None))
            cached *= 2
        series += [chart.Line(f"{name}, store", points[0]), chart.Line(f"{name}, without", points[1], True)]
        total = options.longest // 2
        print(f"\n{name}: {total:,} tokens, a share of them cached\n\n| cached | from the store | without | ratio |\n| --- | --- | --- | --- |")
        for share in (25, 50, 75, 90, 97):
            new = total - total * share // 100
            found = bench(options, model, total - new, new)
            print(f"| {share} % | {found['cached_ttft_ms']:.1f} ms | {found['full_ttft_ms']:.0f} ms | {found['speedup']:.1f} |", flush=True)
    named = [(name, model) for name, model in models if model]
    if named:
        print("\n| states of a token | f32 | f16 | q8 |\n| --- | --- | --- | --- |")
        for name, model in named:
            sizes = states(options, model)
            print(f"| {name} | " + " | ".join(f"{sizes[f] / 1024:.1f} KiB" for f in ("f32", "f16", "q8")) + " |")
    if options.draw:
        (options.draw / "first-token-by-length.svg").write_text(
            chart.lines("Time to the first token", "cached tokens", "milliseconds", series))


if __name__ == "__main__":
    main()

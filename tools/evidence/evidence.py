#!/usr/bin/env python3
"""Measures what docs/accuracy.md shows, and draws it.

    tools/evidence/evidence.py --model M --results FILE [--draw FOLDER] [--only NAME…] [--questions 300]

Each experiment is a table of `accuracy.py`, with its results kept in FILE; with --draw, charts of what FILE has go to FOLDER."""
import argparse
import json
import pathlib
import subprocess
import sys

import accuracy
import chart

ALL = ["context", "isolated", "context+joint", "isolated+joint", "context+repair0.3", "isolated+repair0.3"]
EXPERIMENTS = {
    # name: (documents, kinds, methods)
    "four": (4, "one", [*ALL, "context+scaffold"]),
    "ten": (10, "one", ALL),
    "two": (4, "two", ALL),
    "list": (4, "all", ALL),
    "absent": (4, "none", ALL),
    "share": (4, "one", [f"{a}+repair{r}" for a in ("context", "isolated") for r in ("0.1", "0.2", "0.3", "0.5", "1")]),
    "one": (1, "one", ["context", "isolated", "context+joint"]),
    "sixteen": (16, "one", ["context", "isolated", "context+joint", "context+repair0.3", "isolated+repair0.3"]),
    "gaps": (4, "one", ["context+gap1", "context+gap100", "context+gap400"]),
    "formats": (4, "one", [f"context+{joint}kv{f}" for joint in ("", "joint+") for f in ("f32", "f16", "q8")]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--pmlc", default=".build/release/pmlc")
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--draw", type=pathlib.Path)
    parser.add_argument("--only", nargs="*", choices=list(EXPERIMENTS), default=list(EXPERIMENTS))
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    for name in options.only:
        documents, kinds, methods = EXPERIMENTS[name]
        command = [sys.executable, accuracy.__file__, *methods, "--documents", str(documents), "--kinds", kinds, "--pmlc", options.pmlc,
                   "--questions", str(options.questions), "--json", str(options.results)]
        command += (["--model", options.model] if options.model else []) + (["--plain"] if options.plain else [])
        print(f"\n## {name}\n", flush=True)
        subprocess.run(command, check=True)
    if options.draw:
        draw(options.results, options.draw)


class Results:
    def __init__(self, path):
        self.entries = [json.loads(line) for line in path.read_text().splitlines()]

    def share(self, documents, method, key="right", kinds="one"):
        """-> (percent, standard error), or None where it was not measured"""
        for entry in self.entries:
            what = entry["what"]
            if (what["documents"], what["method"], what["kinds"]) == (documents, method, kinds):
                questions = [q for s in entry["sets"] for q in s]
                value = lambda q: 100.0 * q[key] if isinstance(q[key], bool) else q[key]
                return accuracy.mean([value(q) for q in questions]), accuracy.standard_error(entry["sets"], value)
        return None

    def line(self, name, points, dashed=False, **what):
        """points: [(x, documents, method)]"""
        found = [(x, self.share(documents, method, **what)) for x, documents, method in points]
        return chart.Line(name, [(x, *share) for x, share in found if share], dashed)


def draw(results, folder):
    found = Results(results)
    folder.mkdir(parents=True, exist_ok=True)

    def save(name, title, x_title, y_title, lines, **more):
        lines = [line for line in lines if line.points]
        if lines:
            (folder / f"{name}.svg").write_text(chart.lines(title, x_title, y_title, lines, **more))

    shares = [("0", ""), ("10", "+repair0.1"), ("20", "+repair0.2"), ("30", "+repair0.3"), ("50", "+repair0.5"), ("100", "+repair1")]
    save("repair", "Right answers, four documents", "of what is not exact, computed again, %", "right answers, %", [
        found.line("context", [(x, 4, "context" + r) for x, r in shares]),
        found.line("isolated", [(x, 4, "isolated" + r) for x, r in shares]),
        found.line("without the cache", [(x, 4, "context") for x, _ in shares], True, key="baseline_right"),
    ], ticks=[x for x, _ in shares], top=100)
    counts = [1, 4, 10, 16]
    save("documents", "Right answers by number of documents", "documents in the prompt", "right answers, %", [
        found.line("without the cache", [(n, n, "context") for n in counts], True, key="baseline_right"),
        found.line("joint", [(n, n, "context+joint") for n in counts]),
        found.line("context, repaired", [(n, n, "context+repair0.3") for n in counts]),
        found.line("isolated, repaired", [(n, n, "isolated+repair0.3") for n in counts]),
        found.line("context", [(n, n, "context") for n in counts]),
        found.line("isolated", [(n, n, "isolated") for n in counts]),
    ], top=100)
    save("gaps", "Right answers with empty positions", "empty positions behind each document, about", "right answers, %", [
        found.line("fixed, context", [("0", 4, "context"), ("100", 4, "context+gap100"), ("400", 4, "context+gap400")]),
        found.line("without the cache", [(x, 4, "context") for x in ("0", "100", "400")], True, key="baseline_right"),
    ], top=100)
    save("equal", "Answers equal to those without the cache", "documents in the prompt", "equal answers, %", [
        found.line("joint", [(n, n, "context+joint") for n in counts], key="equal"),
        found.line("context, repaired", [(n, n, "context+repair0.3") for n in counts], key="equal"),
        found.line("context", [(n, n, "context") for n in counts], key="equal"),
        found.line("isolated", [(n, n, "isolated") for n in counts], key="equal"),
    ], top=100)


if __name__ == "__main__":
    main()

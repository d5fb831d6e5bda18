#!/usr/bin/env python3
"""What a library costs by the number of its modules, with the model that ships or another.

    tools/evidence/large_library.py [--pmlc P] [--model M] [--kv q8] [--words 40] [--runs 7] DOCUMENTS…

Makes documents of random words, warms them, adds one and warms again, then asks with four modules found (`top="4"`) and with the same
four named. Prints a row a number: seconds to warm and to warm with one more, a whole process each; milliseconds to the first token, the
least of the runs, new processes over a warm page cache."""
import argparse
import itertools
import json
import pathlib
import random
import subprocess
import tempfile
import time

SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]


def vocabulary(size=30_000):
    generator = random.Random(5)
    words = ["".join(generator.choices(SYLLABLES, k=generator.randint(1, 4))) for _ in range(size)]
    return words, list(itertools.accumulate(1 / (i + 2) for i in range(size)))


WORDS, WEIGHTS = vocabulary()


def text(number, words):
    return " ".join(random.Random(number).choices(WORDS, cum_weights=WEIGHTS, k=words))


def schema(count, words):
    modules = "\n".join(f'<module name="d{i}">{text(i, words)}.</module>' for i in range(count))
    return f'<schema name="large">Answer from the documents.<library name="docs" window="2000">\n{modules}</library></schema>'


class Program:
    def __init__(self, options, folder):
        self.base = [str(pathlib.Path(options.pmlc).resolve())]
        self.options = ["--store", "store", *(["--model", str(pathlib.Path(options.model).resolve())] if options.model else [])]
        self.folder = folder

    def __call__(self, *arguments):
        start = time.monotonic()
        run = subprocess.run([*self.base, *arguments, *self.options], cwd=self.folder, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(run.stderr)
        return run.stdout, time.monotonic() - start


def measure(count, options):
    with tempfile.TemporaryDirectory() as folder:
        place, pmlc = pathlib.Path(folder), Program(options, folder)
        (place / "s.pml").write_text(schema(count, options.words))
        _, first = pmlc("warm", "s.pml", "--kv", options.kv)
        (place / "s.pml").write_text(schema(count + 1, options.words))
        _, added = pmlc("warm", "s.pml", "--kv", options.kv)
        question = " ".join(text(i, options.words).split()[j] for i in (3, count // 2) for j in range(6))
        (place / "top.pml").write_text(f'<prompt schema="large"><docs top="4"/> {question} ?</prompt>')
        ask = lambda name: json.loads(pmlc("run", name, "--repair", "0", "--max-tokens", "1", "--json")[0])
        found = "".join(f"<{module['path'][5:]}/>" for module in ask("top.pml")["modules"])
        (place / "named.pml").write_text(f'<prompt schema="large"><docs>{found}</docs> {question} ?</prompt>')
        times = {name: min(ask(name)["timings"]["ttft_ms"] for _ in range(options.runs)) for name in ("top.pml", "named.pml")}
        print(f"| {count:,} | {first:.1f} s | {added:.2f} s | {times['named.pml']:.1f} ms | {times['top.pml']:.1f} ms |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="+", type=int)
    parser.add_argument("--pmlc", default=".build/release/pmlc")
    parser.add_argument("--model")
    parser.add_argument("--kv", default="q8")
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print("| modules | warm | one more | named | found |\n| --- | --- | --- | --- | --- |", flush=True)
    for count in options.documents:
        measure(count, options)


if __name__ == "__main__":
    main()

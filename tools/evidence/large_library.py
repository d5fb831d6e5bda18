#!/usr/bin/env python3
"""What a library costs by the number of its modules, with the model that ships or another.

    tools/evidence/large_library.py [--pmlc P] [--model M] [--kv q8] [--words 40] [--distinct N] [--runs 7] [--folder F] DOCUMENTS…

Makes documents of random words, warms them, adds one and warms again, then asks with four modules found (`top="4"`), with the same
four named, and without the cache. Prints a row a number: tokens; seconds to warm and to warm with one more, a whole process each;
milliseconds to the first token, the least of the runs (cold: the median), new processes over a warm page cache and, for the four found,
over one that has nothing of the store's folder. With `--distinct` texts recur after so many: states of equal texts are computed once,
and a large library of a larger model is warmed in minutes. A folder that is named is kept, and what is in it used again."""
import argparse
import itertools
import json
import os
import pathlib
import random
import statistics
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


def schema(count, options):
    modules = "\n".join(
        f'<module name="d{i}">{text(i % (options.distinct or count + 1), options.words)}.</module>' for i in range(count))
    return f'<schema name="large">Answer from the documents.<library name="docs" window="2000">\n{modules}</library></schema>'


def forget(folder):
    """Takes the files of a store out of the page cache."""
    for path in (path for path in pathlib.Path(folder).rglob("*") if path.is_file()):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


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


def measure(count, options, folder):
    place, pmlc = pathlib.Path(folder), Program(options, folder)
    (place / "s.pml").write_text(schema(count, options))
    _, first = pmlc("warm", "s.pml", "--kv", options.kv)
    (place / "s.pml").write_text(schema(count + 1, options))
    _, added = pmlc("warm", "s.pml", "--kv", options.kv)
    library = json.loads(pmlc("inspect", "s.pml", "--json")[0])["libraries"][0]
    question = " ".join(text(i, options.words).split()[j] for i in (3, count // 2) for j in range(6))
    (place / "top.pml").write_text(f'<prompt schema="large"><docs top="4"/> {question} ?</prompt>')

    def ask(name, *more):
        return json.loads(pmlc("run", name, "--max-tokens", "1", "--json", *more)[0])

    def first_token(name, *more):
        return ask(name, *more)["timings"]["ttft_ms"]

    def cold():
        forget(place / "store")
        return first_token("top.pml", "--repair", "0")

    found = "".join(f"<{module['path'][5:]}/>" for module in ask("top.pml", "--repair", "0")["modules"])
    (place / "named.pml").write_text(f'<prompt schema="large"><docs>{found}</docs> {question} ?</prompt>')
    runs = range(options.runs)
    columns = [
        f"{count:,}",
        f"{library['stored']['tokens']:,}",
        f"{first:.1f} s",
        f"{added:.2f} s",
        *(f"{min(first_token(name, '--repair', '0') for _ in runs):.1f} ms" for name in ("named.pml", "top.pml")),
        f"{statistics.median(cold() for _ in runs):.1f} ms",
        f"{min(first_token('named.pml', '--no-cache') for _ in runs):.1f} ms",
    ]
    print(f"| {' | '.join(columns)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="+", type=int)
    parser.add_argument("--pmlc", default=".build/release/pmlc")
    parser.add_argument("--model")
    parser.add_argument("--kv", default="q8")
    parser.add_argument("--words", type=int, default=40)
    parser.add_argument("--distinct", type=int)
    parser.add_argument("--folder")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    titles = ["modules", "tokens", "warm", "one more", "named", "found", "found, cold", "without the cache"]
    print(f"| {' | '.join(titles)} |\n|{' --- |' * len(titles)}", flush=True)
    for count in options.documents:
        if options.folder:
            folder = pathlib.Path(options.folder, str(count))
            folder.mkdir(parents=True, exist_ok=True)
            measure(count, options, folder)
        else:
            with tempfile.TemporaryDirectory() as folder:
                measure(count, options, folder)


if __name__ == "__main__":
    main()

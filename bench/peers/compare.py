"""Measures the engine and its peers in turns and prints every bar as a table. `bench/compare` starts it."""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

import models
from bars import Bars
from process import Worker
from shapes import SHAPES

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BUILD, PROGRAMS = ROOT / ".build", ROOT / "bench/.build/release"
MODELS, SCRATCH = BUILD / "bench-models", BUILD / "bench-scratch"
OURS, LLAMA = ["stored", "q8"], ["f16", "q8_0", "q4_0"]
EVERY = [*OURS, *LLAMA, "torch"]


class Results:
    """All answers, kept in a file as they come, so that a run that is stopped has lost nothing."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        self.rows = [json.loads(line) for line in lines]

    def forget(self, **wanted):
        """Drops answers of an earlier run."""
        self.rows = [r for r in self.rows if any(r.get(key) != value for key, value in wanted.items())]

    def add(self, **row):
        self.rows.append(row)
        self.path.write_text("".join(json.dumps(row) + "\n" for row in self.rows))


class Session:
    """One shape and its workers, which are started when they are first asked."""

    def __init__(self, shape, options, results):
        self.shape, self.options, self.results = shape, options, results
        self.workers = {}

    def worker(self, name):
        if name not in self.workers:
            folder, threads = models.folder(self.shape, MODELS), self.options.threads
            if name in OURS:
                command = [
                    PROGRAMS / "engine-bench", folder, "--weights", name, "--threads", threads, "--scratch", SCRATCH]
            elif name == "torch":
                command = [sys.executable, HERE / "torch_f32.py", folder, threads]
            else:
                path = models.gguf_file(self.shape, MODELS, name)
                command = [sys.executable, HERE / "llama.py", path, threads, MODELS]
            self.workers[name] = Worker(f"{name} {self.shape.name}", command)
        return self.workers[name]

    def measure(self, command, names, rounds, warm=False):
        """Each worker in turn, `rounds` times over; before that once without counting where `warm` says so, for what
        only the first time does: touch pages, compute states, write files."""
        if not re.search(self.options.only, command):
            return
        for name in names:
            self.results.forget(shape=self.shape.name, worker=name, command=command)
            if warm:
                self.worker(name).ask(command)
        for turn in range(rounds):
            for name in names:
                self.keep(name, turn, self.worker(name).ask(command))

    def keep(self, name, turn, answer):
        seconds = answer.get("seconds", 0)
        print(f"{self.shape.name} {name}: {answer['command']}: {seconds:.3f} s", file=sys.stderr, flush=True)
        self.results.add(shape=self.shape.name, worker=name, round=turn, **answer)

    def close(self):
        for worker in self.workers.values():
            worker.close()
        self.workers = {}


def measure_shape(shape, options, results):
    session = Session(shape, options, results)
    # One prefill by all engines takes minutes with the large shape.
    rounds, long_rounds = options.rounds, options.rounds if shape.name == "135M" else options.long_rounds
    session.measure("cached 3008 64", EVERY, rounds, warm=True)
    session.measure("decode 64 16", EVERY, rounds, warm=True)
    session.measure("prefill 24", OURS, rounds)
    session.measure("prefill 64", OURS, rounds)
    session.measure("cached 5900 24", OURS, rounds, warm=True)
    for cached in (1024, 2048, 4096, 8192, 16_384):
        session.measure(f"cached {cached} 64", ["stored"], rounds, warm=True)
    for sequences in (1, 2, 4, 8):
        session.measure(f"decode 1024 16 {sequences}", OURS, min(rounds, 3))
    session.measure("prefill 1024", EVERY, long_rounds)
    session.measure("prefill 2048", EVERY, long_rounds)
    if shape.name == "1.1B":
        session.measure("prefill 5924", ["stored"], 1)
    else:
        session.measure("encode 1024", OURS, rounds)
        session.measure("warm 1000 50", OURS, 1)
    session.close()
    if re.search(options.only, "resident"):
        # Memory of processes that have done nothing else.
        for name in OURS:
            results.forget(shape=shape.name, worker=name, command="resident")
            session.worker(name).ask("cached 3008 64")
            session.keep(name, 0, session.worker(name).ask("resident"))
        session.close()


def measure_kernels(options, results):
    program = PROGRAMS / "kernel-bench"
    lines = subprocess.run([program, "bars", str(options.threads)], check=True, capture_output=True, text=True).stdout
    results.forget(worker="kernels")
    for line in lines.splitlines():
        results.add(worker="kernels", **json.loads(line))


def main():
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__)
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=5, help="measurements of which the median counts")
    parser.add_argument("--long-rounds", type=int, default=1, help="the same for prefills of 1.1B")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", default=BUILD / "bench-results.json", help="where all answers are kept")
    parser.add_argument("--only", default="", metavar="REGEX", help="measure these alone, such as 'cached|kernels'")
    parser.add_argument("--only-print", action="store_true", help="print the table of the results that are there")
    options = parser.parse_args()
    results = Results(options.results)
    if not options.only_print:
        MODELS.mkdir(parents=True, exist_ok=True)
        if re.search(options.only, "kernels"):
            measure_kernels(options, results)
        for name in options.shapes:
            measure_shape(SHAPES[name], options, results)
    print(Bars(results.rows).markdown())


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()

"""Measures the engine and its peers in turns and prints every bar as a table. `bench/compare` starts it."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import engines
from bars import BEHIND_CACHED, DECODING, PREFILL, Bars
from groups import BETWEEN, groups
from process import Worker
from processor import processor
from shapes import SHAPES

ROOT = pathlib.Path(__file__).parent.parent.parent
BUILD, PROGRAMS = ROOT / ".build", ROOT / "bench/.build/release"
MODELS, SCRATCH = BUILD / "bench-models", BUILD / "bench-scratch"


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
    """One model in one group's forms, and its workers, which are started when they are first asked."""

    def __init__(self, shape, options, results):
        self.shape, self.options, self.results = shape, options, results
        self.workers = {}

    def worker(self, name):
        if name not in self.workers:
            path = engines.weights(name, self.shape, MODELS)
            size = engines.weight_bytes(name, self.shape, path)
            self.results.forget(shape=self.shape.name, worker=name, command="weights")
            self.results.add(shape=self.shape.name, worker=name, command="weights", bytes=size)
            command = engines.command(name, path, self.options.threads, MODELS, SCRATCH)
            self.workers[name] = Worker(f"{name} {self.shape.name}", command)
        return self.workers[name]

    def wants(self, command):
        return re.search(self.options.only, command)

    def measure(self, command, names, rounds, warm=None):
        """Each worker in turn, `rounds` times over; before that once without counting, for what only the first time does:
        touch pages, compute states, write files. Where that takes less than the whole, `warm` is the command for it."""
        names = [name for name in names if not re.search(self.options.without, name)]
        if not self.wants(command):
            return
        for name in names:
            if not self.options.add:
                self.results.forget(shape=self.shape.name, worker=name, command=command)
            self.worker(name).ask(warm or command)
        for turn in range(rounds):
            # Whoever comes after another finds the caches as that one left them: each goes first once.
            first = turn % len(names)
            for name in [*names[first:], *names[:first]]:
                self.keep(name, turn, self.worker(name).ask(command))

    def measure_memory(self, names):
        """Opening for the second time, and memory of a process that has done nothing but answer once."""
        for name in names:
            for command in ("open", "resident"):
                self.results.forget(shape=self.shape.name, worker=name, command=command)
            self.worker(name).ask(BEHIND_CACHED)
            self.close()
            self.keep(name, 0, {"command": "open", "seconds": self.worker(name).seconds_to_start})
            states = self.worker(name).ask(BEHIND_CACHED)["state_bytes"]
            self.keep(name, 0, {**self.worker(name).ask("resident"), "state_bytes": states})
            self.close()

    def keep(self, name, turn, answer):
        seconds = answer.get("seconds", 0)
        print(f"{self.shape.name} {name}: {answer['command']}: {seconds:.3f} s", file=sys.stderr, flush=True)
        self.results.add(shape=self.shape.name, worker=name, round=turn, **answer)

    def close(self):
        for worker in self.workers.values():
            worker.close()
        self.workers = {}


def measure_group(shape, group, options, results):
    session = Session(shape, options, results)
    # One prefill by all engines takes minutes with the large shape.
    rounds, long_rounds = options.rounds, options.long_rounds if shape.name == "1.1B" else options.rounds
    session.measure(DECODING, group.everybody, rounds)
    session.measure(PREFILL, group.everybody, long_rounds, warm="prefill 64")
    if group is not BETWEEN:
        session.measure(BEHIND_CACHED, group.everybody, rounds)
    for sequences in (1, 2, 4, 8):
        session.measure(f"decode 1024 16 {sequences}", group.ours, min(rounds, 3))
    if not shape.published:
        measure_engine(session, [name for name in group.ours if name in ("stored", "q8")], rounds)
    session.close()
    if session.wants("resident") and group is not BETWEEN:
        session.measure_memory(group.ours)


def measure_engine(session, names, rounds):
    """What no peer is held against."""
    if not names:
        return
    session.measure("prefill 24", names, rounds)
    session.measure("prefill 64", names, rounds)
    session.measure("cached 5900 24", names, rounds)
    if "stored" in names:
        for cached in (1024, 2048, 4096, 8192, 16_384):
            session.measure(f"cached {cached} 64", ["stored"], rounds)
    if session.shape.name == "1.1B":
        if "stored" in names:
            session.measure("prefill 5924", ["stored"], 1, warm="prefill 64")
    else:
        session.measure("encode 1024", names, rounds, warm="encode 64")
        session.measure("warm 1000 50", names, 1, warm="encode 64")


def measure_kernels(options, results):
    program = PROGRAMS / "kernel-bench"
    lines = subprocess.run([program, "bars", str(options.threads)], check=True, capture_output=True, text=True).stdout
    results.forget(worker="kernels")
    for line in lines.splitlines():
        results.add(worker="kernels", **json.loads(line))


def main():
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__)
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--groups", default="", metavar="REGEX", help="measure these alone, such as '^8|^4'")
    parser.add_argument("--only", default="", metavar="REGEX", help="measure these commands alone, such as 'cached|kernels'")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of which the median counts")
    parser.add_argument("--long-rounds", type=int, default=3, help="the same for prefills of 1.1B")
    parser.add_argument("--add", action="store_true", help="add rounds to those of the last run")
    parser.add_argument("--without", default="^$", metavar="REGEX", help="leave these engines out, such as 'torch'")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", default=BUILD / "bench-results.json", help="where all answers are kept")
    parser.add_argument("--only-models", action="store_true", help="make the models, and measure nothing")
    parser.add_argument("--only-print", action="store_true", help="print the table of the results that are there")
    options = parser.parse_args()
    results = Results(options.results)
    chosen = [
        (SHAPES[name], group) for name in options.shapes for group in groups(SHAPES[name])
        if re.search(options.groups, group.name)]
    if not options.only_print:
        MODELS.mkdir(parents=True, exist_ok=True)
        # Before anything is measured: making one takes all threads.
        for shape, group in chosen:
            for name in group.everybody:
                if not re.search(options.without, name):
                    engines.weights(name, shape, MODELS)
    if not options.only_print and not options.only_models:
        results.forget(worker="processor")
        results.add(worker="processor", processor=processor())
        if re.search(options.only, "kernels"):
            measure_kernels(options, results)
        for shape, group in chosen:
            measure_group(shape, group, options, results)
    if not options.only_models:
        print(Bars(results.rows).markdown())


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()

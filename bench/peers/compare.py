"""Measures the engine and its peers in turns and prints every bar as a table. `bench/compare` starts it."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import models
from bars import Bars
from shapes import SHAPES

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BUILD = ROOT / ".build"
MODELS, SCRATCH = BUILD / "bench-models", BUILD / "bench-scratch"
LLAMA_FORMATS = ("f16", "q8_0", "q4_0")


class Worker:
    """A process that answers commands, and all that it answered."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"compare: {self.name} ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Session:
    """One shape: its workers, and what they answered, by shape, worker and command."""

    def __init__(self, shape, options, results):
        self.shape, self.options, self.results = shape, options, results
        self.workers = {}

    def start(self, *names):
        folder, threads = models.folder(self.shape, MODELS), self.options.threads
        for name in names:
            if name in self.workers:
                continue
            if name in ("stored", "q8"):
                command = [
                    BUILD / "release/engine-bench", folder, "--weights", name, "--threads", threads, "--scratch", SCRATCH]
            elif name == "torch":
                command = [sys.executable, HERE / "torch_f32.py", folder, threads]
            else:
                path = models.gguf_file(self.shape, MODELS, name)
                command = [sys.executable, HERE / "llama.py", path, threads, MODELS]
            self.workers[name] = Worker(f"{name} {self.shape.name}", command)

    def measure(self, command, names, rounds):
        """Each worker in turn, `rounds` times over."""
        for turn in range(rounds):
            for name in names:
                answer = self.workers[name].ask(command)
                print(f"{self.shape.name} {name}: {command}: {answer['seconds']:.3f} s", file=sys.stderr, flush=True)
                self.results.append({"shape": self.shape.name, "worker": name, "round": turn, **answer})

    def warm_up(self, command, names):
        """Once without counting: pages are touched, states computed, files written."""
        for name in names:
            self.workers[name].ask(command)

    def close(self):
        for worker in self.workers.values():
            worker.close()
        self.workers = {}


def measure_shape(shape, options, results):
    session = Session(shape, options, results)
    ours, peers = ["stored", "q8"], [*LLAMA_FORMATS, "torch"]
    every = ours + peers
    session.start(*every)
    session.warm_up("prefill 24", every)
    session.warm_up("cached 3008 64", every)
    session.measure("cached 3008 64", every, options.rounds)
    session.measure("decode 64 16", every, options.rounds)
    session.measure("prefill 24", ours, options.rounds)
    session.measure("prefill 64", ours, options.rounds)
    for sequences in (1, 2, 4, 8):
        session.measure(f"decode 1024 16 {sequences}", ours, min(options.rounds, 3))
    for cached in (1024, 2048, 4096, 8192, 16_384):
        session.warm_up(f"cached {cached} 64", ["stored"])
        session.measure(f"cached {cached} 64", ["stored"], options.rounds)
    session.warm_up("cached 5900 24", ours)
    session.measure("cached 5900 24", ours, options.rounds)
    # One measurement of all engines takes minutes here.
    rounds = options.rounds if shape.name == "135M" else options.long_rounds
    session.measure("prefill 1024", every, rounds)
    session.measure("prefill 2048", every, rounds)
    if shape.name == "1.1B":
        session.measure("prefill 5924", ["stored"], 1)
    else:
        session.measure("encode 1024", ours, options.rounds)
        session.measure("warm 1000 50", ours, 1)
    session.close()
    # Memory of processes that have done nothing else.
    session.start(*ours)
    for name in ours:
        session.workers[name].ask("cached 3008 64")
        answer = session.workers[name].ask("resident")
        results.append({"shape": shape.name, "worker": name, "round": 0, **answer})
    session.close()


def measure_kernels(options, results):
    program = BUILD / "release/kernel-bench"
    lines = subprocess.run([program, "bars", str(options.threads)], check=True, capture_output=True, text=True).stdout
    results.extend({"worker": "kernels", **json.loads(line)} for line in lines.splitlines())


def main():
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__)
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=5, help="measurements of which the median counts")
    parser.add_argument("--long-rounds", type=int, default=1, help="the same for prefills of 1.1B")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--results", default=BUILD / "bench-results.json", help="where all answers are kept")
    parser.add_argument("--only-print", action="store_true", help="print the table of the results that are there")
    options = parser.parse_args()
    path = pathlib.Path(options.results)
    if not options.only_print:
        # What was measured of other shapes stays.
        lines = path.read_text().splitlines() if path.exists() else []
        results = [r for r in map(json.loads, lines) if r.get("shape") not in [None, *options.shapes]]
        MODELS.mkdir(parents=True, exist_ok=True)
        measure_kernels(options, results)
        for name in options.shapes:
            measure_shape(SHAPES[name], options, results)
            path.write_text("\n".join(map(json.dumps, results)) + "\n")
    print(Bars([json.loads(line) for line in path.read_text().splitlines()]).markdown())


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()

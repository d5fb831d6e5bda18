"""A program that is measured: it answers commands on its standard input with JSON, a line each."""

import json
import pathlib
import subprocess
import time


class Worker:
    """Such a program. It says when it is ready, and runs in this folder, so give it whole paths."""

    def __init__(self, name, command):
        self.name = name
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=pathlib.Path(__file__).parent)
        self.read()
        self.seconds_to_start = time.perf_counter() - start

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

"""The program under test: one run, its status and its streams."""
import json
import os
import pathlib
import subprocess


class Program:
    def __init__(self, binary, model=None):
        self.binary = str(pathlib.Path(binary).resolve())
        self.model = str(pathlib.Path(model).resolve()) if model else None

    def run(self, folder, command, *arguments, model=True, timeout=120):
        """-> status, standard output, standard error"""
        extra = ["--model", self.model] if model and self.model else []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PMLC_")}
        environment = {**inherited, "PMLC_STORE": str(pathlib.Path(folder) / "store"), "NO_COLOR": "1"}
        done = subprocess.run([self.binary, command, *arguments, *extra], cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def json(self, folder, command, *arguments):
        """-> status, the object of standard output or None, standard error"""
        status, out, err = self.run(folder, command, *arguments)
        try:
            return status, json.loads(out), err
        except ValueError:
            return status, None, err or out

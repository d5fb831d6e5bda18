"""The program under test, asked to go on with a text: what the text becomes, and how likely it holds each next token."""

import json
import pathlib
import subprocess
import tempfile
from xml.sax.saxutils import escape


class Program:
    def __init__(self, binary, model, options=()):
        self.binary, self.model, self.options = str(pathlib.Path(binary).resolve()), str(pathlib.Path(model).resolve()), options

    def _json(self, folder, *arguments):
        done = subprocess.run(
            [self.binary, *arguments, "--model", self.model, "--json"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"pmlc {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def describe(self):
        """What the program says about the model."""
        return self._json(None, "inspect")

    def go_on(self, text, count, likeliest):
        """-> tokens of the text, and an entry for each token of the likeliest answer: its ID, and [(ID, log-probability)] of the
        likeliest tokens in its place. Nothing comes from the store."""
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "schema.pml").write_text(f'<schema name="text">{escape(text)}</schema>', encoding="utf-8")
            pathlib.Path(folder, "prompt.pml").write_text('<prompt schema="text"/>', encoding="utf-8")
            layout = self._json(folder, "inspect", "schema.pml")
            answer = self._json(
                folder, "run", "prompt.pml", "--schema", "schema.pml", "--no-cache", "--store", "store", "--max-tokens", str(count),
                "--logprobs", str(likeliest), *self.options)
        tokens = [token for segment in layout["segments"] for token in segment["tokens"]]
        return tokens, [
            (entry["token_id"], [(top["token_id"], top["logprob"]) for top in entry["top"]]) for entry in answer["logprobs"]]

"""Runs `pmlc audit` on many prompts of one schema."""
import json
import pathlib
import subprocess
import tempfile


def audit(pmlc, model, schema, prompts, options=(), kv="f16", tokens=24, weights=None, timeout=3600):
    """-> one report a prompt, as `audit --json` prints them"""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "schema.pml").write_text(schema)
        names = []
        for index, prompt in enumerate(prompts):
            (place / f"{index}.pml").write_text(prompt)
            names.append(f"{index}.pml")
        command = [str(pathlib.Path(pmlc).resolve()), "audit", *names, "--schema", "schema.pml", "--store", "store", "--kv", kv,
                   "--max-tokens", str(tokens), "--json", *options]
        if model:
            command += ["--model", str(pathlib.Path(model).resolve())]
        if weights:
            command += ["--weights", weights]
        run = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=timeout)
        if run.returncode:
            raise RuntimeError(run.stderr)
        reports = [json.loads(line) for line in run.stdout.splitlines()]
        return [report for report in reports if "prompt" in report][: len(prompts)]

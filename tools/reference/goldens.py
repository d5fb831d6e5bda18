#!/usr/bin/env python3
"""Writes what the reference says about all cases, for the tests of the program: Tests/CommandTests/Goldens.

    goldens.py                  cases.json, joint.json, repair.json, and models if they are not there
    goldens.py joint            one of them"""
import base64
import json
import pathlib
import sys
import tempfile

import cases
import inference
import joint
import models
from problem import Problem
from reference import DEMO_MODEL, Compiler, completion, inspection
from repair import Repair, Undetermined

TARGET = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "CommandTests" / "Goldens"
MAX_TOKENS = 3
TOP = 3
ANSWERED = ("compact", "contexts", "layout", "models", "roles")  # what the others are about shows in the layout already


class Models:
    """Each model once, each compiler once a template."""

    def __init__(self):
        for make in (models.end, models.distances):
            if not (TARGET / "models" / make.__name__).exists():
                make(TARGET / "models" / make.__name__)
        self.compilers, self.networks = {}, {}

    def folder(self, case):
        return TARGET / "models" / case.model if case.model else DEMO_MODEL

    def compiler(self, case, folder):
        template = case.template
        path = str(folder / template) if template and template.endswith(".json") else template
        if (case.model, path) not in self.compilers:
            self.compilers[case.model, path] = Compiler(self.folder(case), path)
        return self.compilers[case.model, path]

    def network(self, case):
        if case.model not in self.networks:
            self.networks[case.model] = inference.Model(self.folder(case))
        return self.networks[case.model]


def expectation(case, known):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        case.write(folder)
        compiler = known.compiler(case, folder)
        try:
            plan = compiler.schema(folder / "schema.pml")
        except Problem as problem:
            return {"wrong": "schema.pml", "kinds": case.error or [problem.kind]}
        found = {"inspection": inspection(plan), "encodings": len(plan.encodings())}
        if case.prompt is None:
            return found
        try:
            prompt = compiler.prompt(folder / "prompt.pml", plan)
        except Problem as problem:
            return found | {"wrong": "prompt.pml", "kinds": case.error or [problem.kind]}
        if case.name.split(":")[0] not in ANSWERED:
            return found
        states = inference.States(known.network(case))
        for key, uncached in (("cached", False), ("uncached", True)):
            result = completion(states, prompt, MAX_TOKENS, TOP, uncached)
            found[key] = {"usage": usage(result)[:2], "steps": steps(result)}
        return found


def steps(result):
    """Steps whose two likeliest tokens are too close to tell apart end the comparison, so they end the golden too."""
    found = []
    for entry in result["logprobs"]:
        found.append([[t["token_id"], round(t["logprob"], 5)] for t in entry["top"]])
        if entry["top"][0]["logprob"] - entry["top"][1]["logprob"] < 5e-3:
            break
    return found


def usage(result):
    return [result["usage"][f"{kind}_tokens"] for kind in ("prompt", "cached", "exact")]


def runs(case, known):
    """-> what each run of a sequence gives"""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        case.write(folder)
        compiler = known.compiler(case, folder)
        plan = compiler.schema(folder / "schema.pml")
        store, states = joint.JointStore(plan), inference.States(known.network(case))
        found = []
        for run in case.runs:
            prompt = compiler.prompt(folder / f"{run['prompt']}.pml", plan)
            mode, share, no_cache = run.get("joint"), run.get("repair"), run.get("no_cache", False)
            encodings = joint.encodings(prompt, mode or "use", store)
            entry = {"prompt": run["prompt"], "options": [
                *(["--joint", mode] if mode else []), *(["--repair", share] if share else []),
                *(["--no-cache"] if no_cache else [])]}
            try:
                result = completion(states, prompt, MAX_TOKENS, TOP, no_cache, encodings, share or 0)
                entry |= {"usage": usage(result), "steps": steps(result)}
            except Undetermined:
                prefill = inference.Prefill(prompt, encodings)
                cached = len(prefill.cached())
                entry |= {"prompt_tokens": prompt.present, "cached_between": [cached - Repair(prefill, share).most, cached - 1],
                          "exact_tokens": sum(prefill.exact[i] for i, _ in prefill.cached())}
            found.append(entry)
        return {"prompts": case.prompts, "runs": found}


def entry(case, found):
    text = case.schema if case.encoding == "utf-8" else base64.b64encode(case.schema.encode(case.encoding)).decode()
    return {"name": case.name, "spec": case.spec, "model": case.model, "prompt": case.prompt, "files": case.files,
            "links": case.links, "options": case.options, "schema": text, "isBase64": case.encoding != "utf-8"} | found


def write(file, entries):
    """Leaves out what is empty."""
    entries = [{k: v for k, v in e.items() if v is not None and v is not False and v != {} and v != []} for e in entries]
    lines = ",\n".join(json.dumps(e, ensure_ascii=False, separators=(",", ":")) for e in entries)
    path = TARGET / f"{file}.json"
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {len(entries)} cases, {path.stat().st_size} bytes")


def main():
    TARGET.mkdir(exist_ok=True)
    known = Models()
    wanted = sys.argv[1:] or ["cases", "joint", "repair"]
    if "cases" in wanted:
        write("cases", [entry(case, expectation(case, known)) for case in cases.load()])
    for file in ("joint", "repair"):
        if file in wanted:
            write(file, [entry(case, runs(case, known)) for case in cases.sequences(file)])


if __name__ == "__main__":
    main()

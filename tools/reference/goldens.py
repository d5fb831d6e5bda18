#!/usr/bin/env python3
"""Writes what the reference says about all cases, for the tests of the program: Tests/CommandTests/Goldens/cases.json."""
import base64
import json
import pathlib
import tempfile

import cases
import inference
from problem import Problem
from reference import DEMO_MODEL, Compiler, completion, inspection

TARGET = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "CommandTests" / "Goldens" / "cases.json"
MAX_TOKENS = 3
TOP = 3
ANSWERED = ("contexts", "layout", "roles")  # what the others are about shows in the layout already


def expectation(case, compilers, model):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        case.write(folder)
        template = dict(zip(case.options[::2], case.options[1::2])).get("--chat-template")
        path = str(folder / template) if template and template.endswith(".json") else template
        if path not in compilers:
            compilers[path] = Compiler(template=path)
        compiler = compilers[path]
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
        states = inference.States(model, plan)
        for key, uncached in (("cached", False), ("uncached", True)):
            found[key] = rounded(completion(model, states, prompt, MAX_TOKENS, TOP, uncached))
        return found


def rounded(result):
    """Steps whose two likeliest tokens are too close to tell apart end the comparison, so they end the golden too."""
    steps = []
    for entry in result["logprobs"]:
        steps.append([[t["token_id"], round(t["logprob"], 5)] for t in entry["top"]])
        if entry["top"][0]["logprob"] - entry["top"][1]["logprob"] < 5e-3:
            break
    return {"usage": [result["usage"]["prompt_tokens"], result["usage"]["cached_tokens"]], "steps": steps}


def main():
    compilers = {}
    model = inference.Model(DEMO_MODEL)
    entries = []
    for case in cases.load():
        entry = {"name": case.name, "spec": case.spec, "prompt": case.prompt, "files": case.files, "links": case.links,
                 "options": case.options, "schema": base64.b64encode(case.schema.encode(case.encoding)).decode()
                 if case.encoding != "utf-8" else case.schema, "isBase64": case.encoding != "utf-8"}
        entries.append({k: v for k, v in (entry | expectation(case, compilers, model)).items() if v is not None and v is not False and v != {} and v != []})
    TARGET.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(e, ensure_ascii=False, separators=(",", ":")) for e in entries)
    TARGET.write_text(f"[\n{lines}\n]\n")
    print(f"{len(entries)} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()

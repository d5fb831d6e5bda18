#!/usr/bin/env python3
"""Compares the program with the reference on all cases and on N random ones; prints every difference.

    compare.py BINARY [--model DIR] [--random N] [--seed S] [--only TEXT] [--no-weights]
    compare.py BINARY --sequences [--only TEXT]         joint encodings and repair"""
import argparse
import collections
import pathlib
import re
import sys
import tempfile

import cases
import generator
import goldens
from problem import Problem
from program import Program
from reference import DEMO_MODEL, Compiler, completion, inspection

CODES = {"xml": "PML0", "grammar": "PML1", "schema": "PML2", "prompt": "PML3", "layout": "PML4"}
MAX_TOKENS = 6


class Comparison:
    def __init__(self, program, model, weights, tolerance):
        self.program, self.folder, self.tolerance = program, model, tolerance
        self.compilers = {}
        self.network = None
        if weights:
            import inference
            self.network = inference.Model(model)
        self.differences = []
        self.counts = collections.Counter()

    def compiler(self, template):
        if template not in self.compilers:
            self.compilers[template] = Compiler(self.folder, template)
        return self.compilers[template]

    def different(self, case, what, expected, got):
        self.differences.append((case, what, expected, got))
        if isinstance(expected, list) and isinstance(got, list):
            first = next((i for i, (a, b) in enumerate(zip(expected, got)) if a != b), min(len(expected), len(got)))
            expected, got = ([f"from {first}"] + x[first: first + 3] for x in (expected, got))
        print(f"\n### {case.name}: {what}\nspec     {case.spec}\nschema   {case.schema[:900]!r}\nprompt   {case.prompt!r}\n"
              f"options  {case.options}\nexpected {expected}\ngot      {got}", flush=True)

    def case(self, case):
        self.counts["cases"] += 1
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            case.write(folder)
            template = case.template
            if template and template.endswith(".json"):
                template = str(folder / template)
            compiler = self.compiler(template)
            plan = prompt = problem = None
            try:
                plan = compiler.schema(folder / "schema.pml")
                if case.prompt is not None:
                    prompt = compiler.prompt(folder / "prompt.pml", plan)
            except Problem as found:
                problem = found
            if plan is None:
                self.refused(case, folder, problem, "schema.pml")
                return
            self.inspected(case, folder, plan)
            if problem is not None:
                self.refused(case, folder, problem, "prompt.pml", "--schema", "schema.pml")
                status, out, err = self.program.run(
                    folder, "run", "prompt.pml", "--schema", "schema.pml", "--json", *case.options)
                if status != 1 or out.strip() not in ("", "[]"):
                    self.different(case, "run of a wrong prompt", "status 1, nothing on stdout", (status, out[:300], err[:300]))
            elif case.prompt is not None:
                self.checked(case, folder, "prompt.pml", "--schema", "schema.pml")
            if self.network is not None and problem is None:
                self.warmed(case, folder, plan)
                if prompt is not None:
                    self.answered(case, folder, plan, prompt)

    def refused(self, case, folder, problem, file, *arguments):
        """The program must find at least one error, of a kind that the case names, at a place in the file."""
        self.counts["refused"] += 1
        model = [] if self.program.model else ["--model", str(self.folder)]
        status, out, err = self.program.run(folder, "check", file, *arguments, *case.options, *model)
        kinds = case.error or [problem.kind]
        found = [m.groups() for m in re.finditer(r"^([^:\n]+):(\d+):(\d+): error\[(PML\d+)\]: (.*)$", err, re.M)]
        if status != 1 or not found or out:
            self.different(case, "check", f"status 1 and an error of kind {kinds}: {problem}", (status, out[:500], err[:500]))
        elif not any(code.startswith(CODES[k]) for k in kinds for _, _, _, code, _ in found):
            self.counts["kinds"] += 1
            print(f"\n--- {case.name}: kind of error: {kinds} ({problem}), got {found}\n    {case.spec}", flush=True)
        places = [(int(line), int(column)) for _, line, column, _, _ in found]
        text = (folder / file).read_bytes().decode(errors="replace").split("\n")
        for (line, column), diagnostic in zip(places, found):
            if line > len(text) + 1 or column > len(text[min(line, len(text)) - 1]) + 2 or line < 1 or column < 1:
                self.different(case, "a diagnostic's place", "a place in the document", diagnostic)
        if len(set(found)) < len(found):
            self.different(case, "an error reported twice", "each once", found)
        if places != sorted(places):
            self.different(case, "order of diagnostics", "source order", found)

    def checked(self, case, folder, *arguments):
        model = [] if self.program.model else ["--model", str(self.folder)]
        status, out, err = self.program.run(folder, "check", *arguments, *case.options, *model)
        if status != 0:
            self.different(case, "check of a right document", "status 0", (status, out[:500], err[:500]))

    def inspected(self, case, folder, plan):
        status, got, err = self.program.json(folder, "inspect", "schema.pml", "--json", *case.options)
        if status != 0 or got is None:
            self.different(case, "inspect", "status 0", (status, got, err[:800]))
            return
        self.counts["layouts"] += 1
        for field, value in inspection(plan).items():
            found = got.get(field)
            if isinstance(value, list) and isinstance(found, list) and value and isinstance(value[0], dict):
                found = [{k: entry.get(k) for k in value[0]} for entry in found]
            if found != value:
                self.different(case, f"inspect: {field}", value, found)
        if len(got.get("hash", "")) != 64:
            self.different(case, "inspect: hash", "SHA-256 in hex", got.get("hash"))

    def warmed(self, case, folder, plan):
        status, got, err = self.program.json(folder, "warm", "schema.pml", "--kv", "f32", "--json", *case.options)
        if status != 0 or got is None:
            self.different(case, "warm", "status 0", (status, got, err[:500]))
            return
        wanted = plan.encodings()
        tokens = sum(len(encoding.tokens) for encoding in wanted.values())
        self.counts["encodings"] += len(wanted)
        segments = plan.segments_in_contexts()
        if got["encodings"]["computed"] != len(wanted) or got["version"] != 1:
            self.different(case, "warm: encodings", len(wanted), got)
        elif got["encodings"]["reused"] != segments - len(wanted):
            self.different(case, "warm: reused", segments - len(wanted), got["encodings"])
        elif got["tokens_computed"] != tokens:
            self.different(case, "warm: tokens_computed", tokens, got)

    def answered(self, case, folder, plan, prompt):
        import inference
        states = inference.States(self.network)
        for extra in ([], ["--no-cache"]):
            wanted = completion(states, prompt, MAX_TOKENS, 5, bool(extra))
            status, got, err = self.program.json(
                folder, "run", "prompt.pml", "--schema", "schema.pml", "--kv", "f32", "--json", "--logprobs", "5",
                "--max-tokens", str(MAX_TOKENS), "--temperature", "0", *extra, *case.options)
            what = "run --no-cache" if extra else "run"
            if status != 0 or got is None:
                self.different(case, what, "status 0", (status, got, err[:500]))
                continue
            self.counts["answers"] += 1
            usage = {k: got.get("usage", {}).get(k) for k in ("prompt_tokens", "cached_tokens")}
            if usage != {k: wanted["usage"][k] for k in usage}:
                self.different(case, f"{what}: usage", wanted["usage"], got.get("usage"))
            self.tokens(case, what, wanted, got)

    def tokens(self, case, what, wanted, got):
        for step, entry in enumerate(wanted["logprobs"]):
            margin = entry["top"][0]["logprob"] - entry["top"][1]["logprob"]
            if step >= len(got["logprobs"]):
                if margin > 2 * self.tolerance:
                    self.different(case, f"{what}: length of the answer", wanted["token_ids"], got["token_ids"])
                return
            theirs = {t["token_id"]: t["logprob"] for t in got["logprobs"][step]["top"]}
            apart = [(t["token_id"], t["logprob"], theirs[t["token_id"]]) for t in entry["top"]
                     if t["token_id"] in theirs and abs(t["logprob"] - theirs[t["token_id"]]) > self.tolerance]
            missing = [t for t in entry["top"] if t["token_id"] not in theirs
                       and t["logprob"] > min(theirs.values()) + self.tolerance]
            worst = max((abs(t["logprob"] - theirs[t["token_id"]]) for t in entry["top"] if t["token_id"] in theirs), default=0)
            self.counts["logprobs"] += len(entry["top"])
            self.worst = max(getattr(self, "worst", 0), worst)
            if apart or missing:
                self.different(case, f"{what}: log-probabilities of token {step} (worst {worst:.2g})",
                               [(t["token_id"], round(t["logprob"], 5)) for t in entry["top"]],
                               [(t["token_id"], round(t["logprob"], 5)) for t in got["logprobs"][step]["top"]])
                return
            if entry["token_id"] != got["token_ids"][step]:
                if margin > 2 * self.tolerance:
                    self.different(case, f"{what}: token {step}", wanted["token_ids"], got["token_ids"])
                return
        if wanted["finish_reason"] != got["finish_reason"] or wanted["token_ids"] != got["token_ids"]:
            self.different(case, f"{what}: the end", (wanted["finish_reason"], wanted["token_ids"]),
                           (got["finish_reason"], got["token_ids"]))
        elif wanted["text"] != got["text"]:
            self.different(case, f"{what}: text", repr(wanted["text"]), repr(got["text"]))

    def sequence(self, case, known):
        """Runs over one store: tokens from it, exact ones, and log-probabilities."""
        self.counts["sequences"] += 1
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            case.write(folder)
            model = ["--model", str(known.folder(case))] if case.model else []
            for number, wanted in enumerate(goldens.runs(case, known)["runs"]):
                status, got, err = self.program.json(
                    folder, "run", f"{wanted['prompt']}.pml", "--schema", "schema.pml", "--kv", "f32", "--json", "--logprobs",
                    str(goldens.TOP), "--max-tokens", str(goldens.MAX_TOKENS), *wanted["options"], *case.options, *model)
                what = f"run {number} of {wanted['prompt']} {' '.join(wanted['options'])}"
                if status != 0 or got is None:
                    self.different(case, what, "status 0", (status, got, err[:500]))
                    continue
                self.counts["answers"] += 1
                used = [got["usage"].get(f"{kind}_tokens") for kind in ("prompt", "cached", "exact")]
                if "usage" not in wanted:
                    least, most = wanted["cached_between"]
                    if not least <= used[1] <= most or used[2] != wanted["exact_tokens"]:
                        self.different(case, f"{what}: usage", wanted, used)
                    continue
                if used != wanted["usage"]:
                    self.different(case, f"{what}: usage", wanted["usage"], used)
                for step, likeliest in enumerate(wanted["steps"]):
                    theirs = {t["token_id"]: t["logprob"] for t in got["logprobs"][step]["top"]}
                    if any(token in theirs and abs(theirs[token] - value) > self.tolerance for token, value in likeliest):
                        self.different(case, f"{what}: log-probabilities of token {step}", likeliest, theirs)
                        break

    def identity(self):
        compiler = self.compiler(None)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            count = 0

            def hashed(text):
                nonlocal count
                count += 1
                (folder / f"{count}.pml").write_text(text)
                status, got, err = self.program.json(folder, "inspect", f"{count}.pml", "--json")
                return got["hash"] if got else err

            groups = cases.identity()
            for group in groups["same"]:
                found = [hashed(t) for t in group["schemas"]]
                if len(set(found)) != 1:
                    print(f"\n### same hash\nspec {group['spec']}\n" + "\n".join(f"{h} {t}" for h, t in zip(found, group["schemas"])))
                    self.differences.append(("identity", "same", None, found))
            for group in groups["different"]:
                found = [hashed(t) for t in group["schemas"]]
                if len(set(found)) != len(found):
                    print(f"\n### different hashes\nspec {group['spec']}\n" + "\n".join(f"{h} {t}" for h, t in zip(found, group["schemas"])))
                    self.differences.append(("identity", "different", None, found))
            if self.network is None:
                return
            for number, edit in enumerate(groups["edit"]):
                inner = folder / f"edit{number}"
                inner.mkdir()
                plans = []
                for step in ("before", "after"):
                    (inner / "schema.pml").write_text(edit[step])
                    plans.append(compiler.schema(inner / "schema.pml").encodings())
                    status, got, err = self.program.json(inner, "warm", "schema.pml", "--kv", "f32", "--json")
                wanted = {"reused": len(set(plans[1]) & set(plans[0])), "computed": len(set(plans[1]) - set(plans[0]))}
                if got is None or got["encodings"] != wanted:
                    print(f"\n### warm after an edit\nspec {edit['spec']}\nbefore {edit['before']}\nafter  {edit['after']}\n"
                          f"expected {wanted}\ngot {got} {err[:300]}")
                    self.differences.append(("identity", "edit", wanted, got))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--model", help="another model than the one in the program")
    parser.add_argument("--random", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="cases whose name holds this")
    parser.add_argument("--no-weights", action="store_true", help="layouts and diagnostics alone")
    parser.add_argument("--sequences", action="store_true", help="joint encodings and repair alone")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    options = parser.parse_args()
    program = Program(options.binary, options.model)
    weights = not options.no_weights and not options.sequences
    comparison = Comparison(program, options.model or DEMO_MODEL, weights, options.tolerance)
    if options.sequences:
        known = goldens.Models()
        for case in cases.sequences("joint") + cases.sequences("repair"):
            if options.only is None or options.only in case.name:
                comparison.sequence(case, known)
    elif not (options.only or "").startswith("random"):
        for case in cases.load(options.only):
            if case.model in (None, options.model and pathlib.Path(options.model).name):
                comparison.case(case)
        if not options.only:
            comparison.identity()
    if not options.sequences and (not options.only or options.only.startswith("random")):
        only = (options.only or "").removeprefix("random").strip()
        for seed in [int(only)] if only else range(options.seed, options.seed + options.random):
            comparison.case(generator.case(seed))
    names = collections.Counter(what.split(" (")[0] for _, what, _, _ in comparison.differences)
    print(f"\n{dict(comparison.counts)}, worst log-probability difference {getattr(comparison, 'worst', 0):.2g}")
    print(f"{len(comparison.differences)} differences: {dict(names)}")
    sys.exit(bool(comparison.differences))


if __name__ == "__main__":
    main()

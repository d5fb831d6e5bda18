#!/usr/bin/env python3
"""What cached states cost a model in right answers, and what brings them back.

    tools/evidence/accuracy.py --model M [--pmlc P] [--documents 4] [--questions 300] [--kinds one,two] METHOD…

A METHOD is `context` or `isolated`, perhaps with `+scaffold`, `+gapN` (positions="fixed" and N words behind each document that no
prompt imports), and options of `pmlc audit`: `+joint` (made for each prompt), `+repairR`, `+kvF`. Prints a table as Markdown: right
answers of the method and of the same prompts without the cache, the difference (paired, with its standard error over sets of
documents), answers equal token for token, divergence. `--json FILE` adds what was found to a file, a line each, and does not measure
again what it has."""
import argparse
import json
import math
import pathlib
import re
import sys

import documents as made_up
import program
import schemas
import xquad


class Method:
    def __init__(self, text):
        self.text, parts = text, text.split("+")
        self.attention, self.options, self.kv = parts[0], ["--joint", "off"], "f16"
        self.scaffold, self.gap = False, 0
        for part in parts[1:]:
            if part == "scaffold":
                self.scaffold = True
            elif part == "joint":
                self.options[1] = "make"
            elif match := re.fullmatch(r"gap(\d+)", part):
                self.gap = int(match[1])
            elif match := re.fullmatch(r"repair([0-9.]+)", part):
                self.options += ["--repair", match[1]]
            elif match := re.fullmatch(r"kv(f32|f16|q8)", part):
                self.kv = match[1]
            else:
                sys.exit(f"no method `{text}`: `{part}` is unknown")
        if self.attention not in ("context", "isolated"):
            sys.exit(f"no method `{text}`: it begins with `context` or `isolated`")

    def schema(self, documents, is_chat):
        if not is_chat:
            return schemas.plain_schema(documents, self.attention, self.scaffold)
        positions = "fixed" if self.gap else "compact"
        return schemas.schema(documents, self.attention, positions, self.gap, self.scaffold)


def measure(method, found_sets, options):
    """-> a list for each set of documents, of what was found for each question"""
    sets = []
    for documents, questions in found_sets:
        ask = schemas.prompt if options.chat else schemas.plain_prompt
        prompts = [ask(documents, question.text) for question in questions]
        reports = program.audit(options.pmlc, options.model, method.schema(documents, options.chat), prompts, method.options,
                                method.kv, options.tokens)
        sets.append([
            {
                "kind": question.kind,
                "right": question.is_right(report["cached"]["text"]),
                "baseline_right": question.is_right(report["baseline"]["text"]),
                "equal": report["cached"]["token_ids"] == report["baseline"]["token_ids"],
                "kl": report["kl"]["mean"], "agreement": report["agreement"],
                "prompt": report["prompt_tokens"], "cached": report["cached_tokens"], "exact": report["exact_tokens"],
            }
            for question, report in zip(questions, reports)])
    return sets


def mean(values):
    return sum(values) / len(values)


def standard_error(sets, value):
    """Of the mean over all questions, with sets of documents taken as independent."""
    total = mean([value(q) for s in sets for q in s])
    n = sum(len(s) for s in sets)
    if len(sets) < 2:
        return float("nan")
    sums = [sum(value(q) - total for q in s) for s in sets]
    return math.sqrt(sum(x * x for x in sums) * len(sets) / (len(sets) - 1)) / n


def row(method, sets):
    flat = [q for s in sets for q in s]
    share = lambda key: 100 * mean([q[key] for q in flat])
    lost = lambda q: q["right"] - q["baseline_right"]
    computed = mean([(q["prompt"] - q["cached"]) / q["prompt"] for q in flat])
    return (f"| {method} | {share('right'):.1f} % | {share('baseline_right'):.1f} % | {100 * mean([lost(q) for q in flat]):+.1f} ± "
            f"{100 * standard_error(sets, lost):.1f} | {share('equal'):.1f} % | {mean([q['kl'] for q in flat]):.4f} | "
            f"{100 * mean([q['exact'] / max(q['cached'], 1) for q in flat]):.0f} % | {100 * computed:.0f} % |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="+", metavar="METHOD")
    parser.add_argument("--model")
    parser.add_argument("--pmlc", default=".build/release/pmlc")
    parser.add_argument("--documents", type=int, default=4)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--each", type=int, default=5, help="questions about one set of documents")
    parser.add_argument("--kinds", default="one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=24, help="of each answer at most")
    parser.add_argument("--plain", dest="chat", action="store_false", help="for a model without a chat template")
    parser.add_argument("--xquad", type=pathlib.Path, metavar="FILE", help="its paragraphs and questions in place of made-up ones")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    methods = [Method(text) for text in options.methods]
    if options.xquad:
        found_sets = xquad.sets(options.xquad, options.seed, options.questions, options.documents, options.each)
        options.kinds = "xquad"
    else:
        found_sets = made_up.sets(options.seed, options.questions, options.documents, options.each, options.kinds.split(","))
    known = {}
    what = {k: getattr(options, k) for k in ("documents", "questions", "each", "kinds", "seed", "tokens", "chat")}
    what["model"] = pathlib.Path(options.model).name if options.model else "the model that ships"
    if options.json and options.json.exists():
        for line in options.json.read_text().splitlines():
            entry = json.loads(line)
            known[json.dumps(entry["what"], sort_keys=True)] = entry["sets"]
    print(f"{what['model']}, {options.documents} documents, {options.questions} questions ({options.kinds}), seed {options.seed}\n")
    print("| states | right | without the cache | difference | equal answers | divergence | exact | computed |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- |")
    for method in methods:
        name = what | {"method": method.text}
        sets = known.get(json.dumps(name, sort_keys=True))
        if sets is None:
            sets = measure(method, found_sets, options)
            if options.json:
                with options.json.open("a") as file:
                    file.write(json.dumps({"what": name, "sets": sets}) + "\n")
        print(row(method.text, sets), flush=True)


if __name__ == "__main__":
    main()

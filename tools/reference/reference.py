#!/usr/bin/env python3
"""The reading of the specification in one place: compile, inspect, run.

    reference.py inspect SCHEMA [--model DIR] [--chat-template NAME|FILE]
    reference.py run PROMPT --schema SCHEMA [--model DIR] [--max-tokens N] [--logprobs N] [--no-cache]
        [--joint make|use|off] [--made PROMPT]… [--repair R]

`--made PROMPT` stands for a prompt of the same schema that was answered before with `--joint make`."""
import argparse
import json
import pathlib
import sys

import chat_template
import joint
from document import parse
from contexts import EncodingPlan
from layout import SchemaLayout
from problem import Problem
from prompt import PromptLayout
from schema import Reader
from tokens import Tokens

DEMO_MODEL = pathlib.Path(__file__).resolve().parents[2] / "Models" / "docqa"


class Compiler:
    """A model folder without its weights."""

    def __init__(self, folder=DEMO_MODEL, template=None):
        self.folder = pathlib.Path(folder)
        self.tokens = Tokens(folder)
        self.template = chat_template.named(template) if template else chat_template.of_model(folder)
        config = json.loads((self.folder / "config.json").read_text())
        self.limit = config.get("max_position_embeddings") or config["max_seq_len"]

    def schema(self, path):
        path = pathlib.Path(path)
        schema = Reader(self.template, path.parent).read(parse(path.read_bytes()))
        return EncodingPlan(SchemaLayout(schema, self.tokens, self.limit))

    def prompt(self, path, plan):
        root = parse(pathlib.Path(path).read_bytes())
        return PromptLayout(root, plan.layout, plan, self.template, self.limit)


def inspection(plan):
    layout = plan.layout
    path = lambda module: "/".join(module.path)
    return {
        "schema": layout.schema.name,
        "length": layout.length,
        "modules": [{"path": path(m), "start": layout.starts[m.path],
                     "length": layout.ends[m.path] - layout.starts[m.path], "cached": m.cache} for m in layout.modules],
        "parameters": [{"path": path(p.module), "name": p.parameter.name, "start": p.start, "length": p.length}
                       for p in layout.pieces if p.parameter],
        "segments": [{"path": path(p.module), "start": p.start, "tokens": p.tokens}
                     for p in layout.pieces if not p.parameter],
    }


def completion(states, prompt, max_tokens, top, no_cache=False, encodings=None, repair=0):
    """encodings: of each part the one that it is taken from; the plain ones if left out"""
    import inference
    from repair import Repair
    model = states.model
    reused = exact = 0
    if no_cache:
        sequence, at = inference.uncached(model, prompt), prompt.present
    else:
        prefill = inference.Prefill(prompt, prompt.plain() if encodings is None else encodings)
        repaired = Repair(prefill, repair)
        if repaired.share == 1:
            exact = len(repaired.candidates)
        repaired.apply()
        sequence, at = prefill.sequence(states), prompt.next
        reused = len(prefill.cached())
        exact += sum(prefill.exact[i] for i, _ in prefill.cached())
    ids, reason, entries = inference.answer(model, sequence, at, max_tokens, top)
    return {
        "text": prompt.tokens.decode(ids),
        "token_ids": ids,
        "finish_reason": reason,
        "usage": {"prompt_tokens": prompt.present, "cached_tokens": reused, "exact_tokens": exact,
                  "completion_tokens": len(ids)},
        "logprobs": entries,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["inspect", "run"])
    parser.add_argument("file")
    parser.add_argument("--schema")
    parser.add_argument("--model", default=DEMO_MODEL)
    parser.add_argument("--chat-template")
    parser.add_argument("--max-tokens", type=int, default=24)
    parser.add_argument("--logprobs", type=int, default=5)
    parser.add_argument("--no-cache", action="store_true")
    parser.add_argument("--joint", choices=["make", "use", "off"], default="use")
    parser.add_argument("--made", action="append", default=[])
    parser.add_argument("--repair", default=0)
    options = parser.parse_args()
    compiler = Compiler(options.model, options.chat_template)
    try:
        plan = compiler.schema(options.schema or options.file)
        if options.command == "inspect":
            print(json.dumps(inspection(plan)))
            return
        import inference
        prompt = compiler.prompt(options.file, plan)
        store = joint.JointStore(plan)
        for made in options.made:
            store.make(compiler.prompt(made, plan))
        states = inference.States(inference.Model(options.model))
        result = completion(states, prompt, options.max_tokens, options.logprobs, options.no_cache,
                            joint.encodings(prompt, options.joint, store), options.repair)
        print(json.dumps(result))
    except Problem as problem:
        sys.exit(f"{problem.kind}: {problem}")


if __name__ == "__main__":
    main()

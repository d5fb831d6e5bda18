"""Asks the questions of sample/documents.json and notes there which are answered right.

    python sample_check.py ../../Models/docqa sample/documents.json

Of each group of documents (a union) only the one that the question needs is in the prompt, but the others
leave their positions unused, as in a schema."""
import argparse
import json
import random
import re

import torch

from document import Piece
from encoder import Encoder
from generator import Question, Sample
from layout import lay_out
from reference import Reference


def pieces(document):
    """-> [Piece] of a document, with its parameters' examples as arguments"""
    examples = {p["name"]: p["example"] for p in document.get("parameters", [])}
    parts = re.split(r"\{(\w+)\}", "\n" + document["text"])
    return [Piece(examples[x], True) if i % 2 else Piece(x) for i, x in enumerate(parts)]


def positions(encoder, document):
    """how many position IDs a document takes"""
    slots = {p["name"]: p["slots"] for p in document.get("parameters", [])}
    parts = re.split(r"\{(\w+)\}", "\n" + document["text"])
    return sum(slots[x] if i % 2 else len(encoder.ids(x)) for i, x in enumerate(parts))


def choose(documents, needed):
    """-> documents of the prompt: of every group one"""
    out, groups = [], set()
    for d in documents:
        g = d["group"]
        if g is None:
            out.append(d)
        elif g not in groups:
            members = [x for x in documents if x["group"] == g]
            out.append(next((x for x in members if x["name"] in needed), members[0]))
            groups.add(g)
    return out


def union_gaps(encoder, documents, chosen):
    """the unused positions before the system text, the documents and the question"""
    gaps, unused = [0], 0
    for d in chosen:
        gaps.append(unused)
        longest = max([positions(encoder, x) for x in documents if x["group"] and x["group"] == d["group"]] or [0])
        unused = max(0, longest - positions(encoder, d)) if d["group"] else 0
    return gaps + [unused]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folder")
    ap.add_argument("file")
    a = ap.parse_args()
    torch.set_num_threads(1)
    encoder, reference = Encoder(a.folder + "/tokenizer.json"), Reference(a.folder)
    with open(a.file) as f:
        content = json.load(f)
    documents = content["documents"]
    for q in content["questions"]:
        chosen = choose(documents, q["needs"])
        sample = Sample(content["system"], [pieces(d) for d in chosen],
                        [Question(f"\nQuestion: {q['question']}\nAnswer:", " " + q["answer"], None)])
        q["answered"], q["given"] = {}, {}
        for mode in ("full", "context", "isolated"):
            gap = "none" if mode == "full" else union_gaps(encoder, documents, chosen)
            l = lay_out(random.Random(0), sample, encoder, mode, gap)
            with torch.no_grad():
                given = reference.answer(l, reference.prompt(l))
            q["answered"][mode] = given == q["answer"]
            if given != q["answer"]:
                q["given"][mode] = given
        if not q["given"]:
            del q["given"]
        print(q["question"], q["answer"], q["answered"], q.get("given", ""), flush=True)
    with open(a.file, "w") as f:
        json.dump(content, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()

"""Exact match of an exported folder on held-out names.

    python evaluate.py ../../Models/docqa --prompts 500"""
import argparse

import torch

from encoder import Encoder
from exact_match import exact_match
from export import load

# mode, gaps, documents, attributes of a document, share of user and trip documents with arguments, large
WAYS = [
    ("full", "none", (4, 8), (3, 7), 0, True),
    ("context", "mid", (4, 8), (3, 7), 0, True),
    ("isolated", "mid", (4, 8), (3, 7), 0, True),
    ("full", "none", (1, 3), (3, 7), 0, False),
    ("full", "wide", (4, 8), (3, 7), 0, False),
    ("context", "none", (4, 8), (3, 7), 0, False),
    ("context", "wide", (4, 8), (3, 7), 0, False),
    ("isolated", "none", (4, 8), (3, 7), 0, False),
    ("isolated", "wide", (4, 8), (3, 7), 0, False),
    ("context", "mid", (4, 8), (3, 7), 1, False),
    ("isolated", "mid", (4, 8), (3, 7), 1, False),
    ("full", "none", (4, 8), (7, 10), 0, False),
    ("context", "mid", (4, 8), (7, 10), 0, False),
    ("isolated", "mid", (4, 8), (7, 10), 0, False),
    ("full", "none", (16, 24), (3, 7), 0, False),
    ("context", "mid", (16, 24), (3, 7), 0, False),
    ("isolated", "mid", (16, 24), (3, 7), 0, False),
    ("full", "none", (14, 18), (7, 10), 0, False),
    ("context", "mid", (14, 18), (7, 10), 0, False),
    ("isolated", "mid", (14, 18), (7, 10), 0, False),
]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folder")
    ap.add_argument("--prompts", type=int, default=500, help="in the three main ways")
    ap.add_argument("--others", type=int, default=100, help="prompts in the other ways")
    ap.add_argument("--threads", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    model, encoder = load(a.folder), Encoder(a.folder + "/tokenizer.json")
    print("| encoding | gaps | documents | facts in each | arguments | tokens | prompts | questions | exact match "
          "| answerable | unanswerable |\n|" + "---|" * 11)
    for mode, gap, documents, attributes, parameters, large in WAYS:
        r = exact_match(model, encoder, mode, gap, documents, a.prompts if large else a.others,
                        attributes=attributes, parameters=parameters)
        cells = [mode, gap, "%d-%d" % documents, "%d-%d" % attributes, "in slots" if parameters else "", r["tokens"],
                 r["prompts"], r["questions"], r["exact_match"], r["answerable"], r["unanswerable"]]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()

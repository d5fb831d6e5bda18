"""Compares exact match by teacher forcing with generation by the transformers library.

    python hf_check.py ../../Models/docqa --prompts 30"""
import argparse
import random

import torch

from batch import Batch
from encoder import Encoder
from export import load
from generator import make_sample, prompt
from layout import lay_out
from loss import compute
from reference import Reference


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folder")
    ap.add_argument("--prompts", type=int, default=30)
    ap.add_argument("--seed", type=int, default=778)
    a = ap.parse_args()
    torch.set_num_threads(1)
    model, encoder, reference = load(a.folder), Encoder(a.folder + "/tokenizer.json"), Reference(a.folder)
    print("| encoding | gaps | prompts | exact match of generation | agrees with teacher forcing |\n|---|---|---|---|---|")
    for mode, gap in (("full", "none"), ("context", "mid"), ("isolated", "mid"), ("isolated", "wide")):
        rng = random.Random(a.seed)
        right = same = 0
        for _ in range(a.prompts):
            s = make_sample(rng, "held", rng.randint(4, 8), (3, 7), 1, .08, 0 if mode == "full" else .5,
                            rng.choice([.3, .6, 1.]))
            l = lay_out(rng, s, encoder, mode, gap)
            with torch.no_grad():
                expected = compute(model, Batch([l]), copy=False, bfloat16=False).right[0]
                if mode == "full":
                    ids, answer = reference.generate(prompt(s) + s.questions[0].text)
                    assert ids == l.ids[:len(ids)], "the text is tokenized differently as a whole"
                else:
                    answer = reference.answer(l, reference.prompt(l))
            ok = answer == s.questions[0].answer.strip()
            right += ok
            same += ok == expected
        print(f"| {mode} | {gap} | {a.prompts} | {right / a.prompts:.3f} | {same / a.prompts:.3f} |", flush=True)


if __name__ == "__main__":
    main()

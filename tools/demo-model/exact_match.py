"""Greedy exact match on held-out names.

Teacher forcing: an answer counts when each of its tokens and </s> is the most likely one, which is the
same as greedy decoding giving exactly that answer."""
import random

import torch

from batch import Batch
from generator import UNANSWERABLE, make_sample
from layout import lay_out
from loss import compute


@torch.no_grad()
def exact_match(model, encoder, mode, gap, documents, prompts, questions=4, attributes=(3, 7), parameters=0.,
                unanswered=.08, seed=777, bfloat16=False):
    """-> dict: shares of right answers, over all and by whether the documents hold the answer"""
    rng = random.Random(seed)
    right = {True: [], False: []}
    tokens = 0
    for _ in range(prompts):
        s = make_sample(rng, "held", rng.randint(*documents), attributes, questions, unanswered, parameters,
                        rng.choice([.3, .6, 1.]))
        l = lay_out(rng, s, encoder, mode, gap)
        tokens += l.context
        for q, ok in zip(s.questions, compute(model, Batch([l]), copy=False, bfloat16=bfloat16).right):
            right[q.answer.strip() != UNANSWERABLE].append(ok)

    def share(x):
        return round(sum(x) / len(x), 4) if x else None
    return dict(prompts=prompts, questions=len(right[True] + right[False]), exact_match=share(right[True] + right[False]),
                answerable=share(right[True]), unanswerable=share(right[False]), tokens=round(tokens / prompts))

"""Trains the byte-level BPE tokenizer on the generated texts.

    python tokenizer.py build/tokenizer.json"""
import argparse
import os
import random
import re

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import words
from domains import DOMAINS
from generator import SYSTEMS, UNANSWERABLE, make_sample, prompt

SYLLABLES = ("ONSETS", "VOWELS", "CODAS", "INNER")


def corpus(seed, n):
    rng = random.Random(seed)
    for _ in range(n):
        s = make_sample(rng, documents=rng.randint(1, 5))
        yield prompt(s) + "".join(q.text + q.answer for q in s.questions)


def ordinary_words():
    """every word of the templates and the value lists, so that ordinary words become few tokens"""
    texts = [UNANSWERABLE] + SYSTEMS
    for d in DOMAINS.values():
        texts += d["heads"] + d["intro"] + d["filler"]
        for _, statements, questions in d["attrs"].values():
            texts += statements + questions
    for name, value in vars(words).items():
        if isinstance(value, list) and name not in SYLLABLES:
            texts += [" " + x for x in value]
    return [re.sub(r"\{.\}", "", t) for t in texts]


def train(vocabulary, samples, seed):
    t = Tokenizer(models.BPE(unk_token=None))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    t.train_from_iterator(list(corpus(seed, samples)) + ordinary_words() * (samples // 15), trainer)
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return t


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("file")
    ap.add_argument("--vocabulary", type=int, default=2048)
    ap.add_argument("--samples", type=int, default=1500)
    ap.add_argument("--seed", type=int, default=12345)
    a = ap.parse_args()
    os.makedirs(os.path.dirname(a.file) or ".", exist_ok=True)
    train(a.vocabulary, a.samples, a.seed).save(a.file)


if __name__ == "__main__":
    main()

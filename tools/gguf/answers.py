"""Compares answers of the likeliest tokens with llama.cpp's, for the same GGUF file.

    $(scripts/python tools bench) tools/gguf/answers.py MODEL.gguf [--pmlc .build/release/pmlc] [--tokens N]

Fifty questions are answered by both. Where two answers part, both tokens are looked up in both distributions: a gap is by how much
one program holds its own token likelier than the other's. Both round activations to 8 bits, each in its way, so a small gap is a tie.
The first gap printed is llama.cpp's, the second ours (none where ours ends). The exit status is 1 if answers part at more than --tie
nats in both.
"""

import argparse
import pathlib
import sys

import llama_cpp
import numpy as np

from asking import Program

REPOSITORY = pathlib.Path(__file__).parents[2]
QUESTIONS = pathlib.Path(__file__).with_name("questions.txt")
# An example, so that models of all kinds go on with an answer.
PREAMBLE = "Question: Which planet is closest to the Sun?\nAnswer: Mercury is the planet that is closest to the Sun.\n\n"


class Peer:
    def __init__(self, model):
        self.model = llama_cpp.Llama(str(model), n_ctx=2048, n_threads=2, verbose=False)

    def next(self, tokens):
        """Log-probabilities of what follows these tokens, behind those that it has seen before."""
        self.model.eval(tokens)
        found = llama_cpp.llama_get_logits_ith(self.model.ctx, -1)
        logits = np.ctypeslib.as_array(found, (self.model.n_vocab(),)).astype(np.float64)
        return logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())

    def answer(self, tokens, count, ends):
        """The likeliest tokens, and the distribution before each of them."""
        self.model.reset()
        answer, distributions, new = [], [], tokens
        while len(answer) < count:
            distributions.append(self.next(new))
            token = int(distributions[-1].argmax())
            answer.append(token)
            if token in ends:
                break
            new = [token]
        return answer, distributions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--pmlc", default=REPOSITORY / ".build/release/pmlc", type=pathlib.Path)
    parser.add_argument("--tokens", type=int, default=32, help="tokens of an answer at most")
    parser.add_argument("--tie", type=float, default=0.1, help="the gap up to which two tokens are a tie, in nats")
    options = parser.parse_args()

    program, peer = Program(options.pmlc, options.model), Peer(options.model)
    ends = set(program.describe()["end_tokens"])
    questions = QUESTIONS.read_text(encoding="utf-8").splitlines()
    parted, apart, spelled = 0, 0, 0
    for question in questions:
        text = f"{PREAMBLE}Question: {question}\nAnswer:"
        tokens, answer = program.go_on(text, options.tokens, 64)
        own = peer.model.tokenize(text.encode(), add_bos=False, special=False)
        spelled += own != tokens[-len(own):]
        expected, distributions = peer.answer(tokens, options.tokens, ends)
        # The end of an answer is no entry of ours, so it is put there.
        ours = [token for token, _ in answer] + ([None] if len(answer) < options.tokens else [])
        if ours[-1] is None and len(expected) == len(ours) and expected[-1] in ends:
            ours[-1] = expected[-1]
        if ours == expected:
            continue
        place = next(i for i, (a, b) in enumerate(zip(ours, expected)) if a != b)
        there, other = distributions[place], expected[place]
        mine = ours[place] if ours[place] is not None else max(ends, key=lambda end: there[end])
        gaps = [there[other] - there[mine]]
        if place < len(answer):
            likely = dict(answer[place][1])
            gaps.append(likely[mine] - likely.get(other, -np.inf))
        parted += 1
        apart += min(gaps) > options.tie
        print(f"{question}: parts at token {place}, by {' and '.join(f'{gap:.3f}' for gap in gaps)} nats", flush=True)
    print(f"{options.model.name}: {len(questions) - parted} of {len(questions)} answers of {options.tokens} tokens equal; "
          f"{parted} part, {apart} of them at more than {options.tie} nats in both; {spelled} questions made of other tokens")
    return 1 if apart or spelled else 0


if __name__ == "__main__":
    sys.exit(main())

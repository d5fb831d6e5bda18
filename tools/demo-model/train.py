"""Trains the model on generated prompts.

    python train.py --tokenizer build/tokenizer.json --run build/docqa

--tokens sets the length and with it the schedule; --seconds sets both by the clock instead.
--resume goes on from the checkpoint of an interrupted run."""
import argparse
import json
import os
import random
import time

import torch

from allocator import keep_memory
from batch import Batch
from curriculum import STAGES, Batches
from encoder import Encoder
from exact_match import exact_match
from loss import compute
from model import Config, Llama
from muon import Muon

COPY_WEIGHT, TEXT_SHARE = .3, .3
HOLD, WARM_UP = .3, 20                          # fraction at the full rate; steps of warming up


class Trainer:
    def __init__(self, a):
        self.a = a
        torch.set_num_threads(a.threads)
        torch.manual_seed(a.seed)
        self.rng = random.Random(a.seed)
        self.encoder = Encoder(a.tokenizer)
        self.model = Llama(Config(vocabulary=self.encoder.vocabulary))
        matrices = [p for l in self.model.layers for p in l.parameters() if p.dim() == 2]
        others = [p for p in self.model.parameters() if all(p is not m for m in matrices)]
        self.muon = Muon(matrices, 2 * a.rate)
        self.adam = torch.optim.Adam(others, lr=a.rate, betas=(.9, .98), fused=True)
        self.batches = Batches(self.rng, self.encoder)
        self.step = self.tokens = self.stage = self.since = 0
        self.seconds = 0.
        self.mean = dict(answer_loss=0., text_loss=0., copy_loss=0., right=0.)
        if a.resume:
            self.load(a.run + ".pt")

    def save(self, path):
        torch.save(dict(model=self.model.state_dict(), adam=self.adam.state_dict(), muon=self.muon.buffers,
                        rng=self.rng.getstate(), torch_rng=torch.get_rng_state(), left=self.batches.left,
                        at={k: getattr(self, k) for k in ("step", "tokens", "stage", "since", "seconds", "mean")}),
                   path + ".part")
        os.replace(path + ".part", path)

    def load(self, path):
        d = torch.load(path, weights_only=False)
        self.model.load_state_dict(d["model"])
        self.adam.load_state_dict(d["adam"])
        self.muon.buffers = d["muon"]
        self.rng.setstate(d["rng"])
        torch.set_rng_state(d["torch_rng"])
        self.batches.left = d["left"]
        self.__dict__.update(d["at"])

    def fraction(self):
        return self.seconds / self.a.seconds if self.a.seconds else self.tokens / self.a.tokens

    def advance(self):
        """-> the stage to train on now"""
        s = STAGES[self.stage]
        if self.stage + 1 < len(STAGES) and (self.fraction() > s.end or (self.mean["right"] > s.good and self.since > 60)):
            self.stage += 1
            self.since = 0
            self.mean["right"] *= .8
            self.batches.left = None
        return STAGES[self.stage]

    def train_step(self):
        stage, fraction = self.advance(), self.fraction()
        batch = Batch(self.batches.next(stage, fraction))
        r = compute(self.model, batch, TEXT_SHARE)
        (r.loss + COPY_WEIGHT * r.copy_loss).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.)
        factor = min(1, (self.step + 1) / WARM_UP, max(.01, (1 - fraction) / (1 - HOLD)))
        for g in self.adam.param_groups:
            g["lr"] = self.a.rate * factor
        self.muon.step(factor)
        self.adam.step()
        for p in self.model.parameters():
            p.grad = None
        self.step += 1
        self.since += 1
        self.tokens += len(batch)
        now = dict(answer_loss=r.answer_loss, text_loss=r.text_loss, copy_loss=float(r.copy_loss.detach()),
                   right=sum(r.right) / len(r.right))
        keep = .95 if self.step > 1 else 0.
        for k, v in now.items():
            self.mean[k] = keep * self.mean[k] + (1 - keep) * v

    def held_out(self):
        def em(mode, gap, documents, prompts):
            return exact_match(self.model, self.encoder, mode, gap, documents, prompts, 16, seed=99,
                               bfloat16=True)["exact_match"]
        r = {f"{m}/{g}": em(m, g, (4, 8), 12) for m, g in (("full", "none"), ("context", "wide"), ("isolated", "mid"))}
        if self.stage > 2:
            r["16-24 documents"] = em("context", "mid", (16, 24), 8)
        return r

    def run(self):
        evaluated = started = time.time()
        before = self.seconds
        with open(self.a.run + ".jsonl", "a") as log:
            while self.fraction() < 1:
                self.train_step()
                self.seconds = before + time.time() - started
                if self.step % 20 == 0:
                    line = dict(step=self.step, tokens=self.tokens, seconds=round(self.seconds),
                                fraction=round(self.fraction(), 3), stage=self.stage,
                                **{k: round(v, 3) for k, v in self.mean.items()})
                    if time.time() - evaluated > self.a.every:
                        line.update(self.held_out())
                        evaluated = time.time()
                        self.save(self.a.run + ".pt")
                    print(json.dumps(line), file=log, flush=True)
        self.save(self.a.run + ".pt")
        print(json.dumps(dict(tokens=self.tokens, seconds=round(self.seconds), **self.held_out())))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--tokenizer", required=True)
    ap.add_argument("--run", required=True, help="where to write .pt and .jsonl")
    ap.add_argument("--tokens", type=float, default=12.4e6)
    ap.add_argument("--seconds", type=float)
    ap.add_argument("--rate", type=float, default=3e-3)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--every", type=float, default=240, help="seconds between evaluations and checkpoints")
    ap.add_argument("--resume", action="store_true")
    keep_memory()
    Trainer(ap.parse_args()).run()


if __name__ == "__main__":
    main()

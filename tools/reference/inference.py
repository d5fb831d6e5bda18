"""Attention states and answers through torch and transformers, with explicit masks and position IDs."""
import json
import pathlib

import torch
from transformers.utils import logging
from transformers import AutoModelForCausalLM, DynamicCache

from contexts import BEGIN

logging.disable_progress_bar()
torch.set_num_threads(1)  # the products are small, the threads would wait for each other


class Model:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.config = json.loads((folder / "config.json").read_text())
        self.limit = self.config["max_position_embeddings"]
        generation = folder / "generation_config.json"
        eos = json.loads(generation.read_text()).get("eos_token_id") if generation.exists() else None
        eos = self.config.get("eos_token_id") if eos is None else eos
        self.eos = set(eos if isinstance(eos, list) else [] if eos is None else [eos])

    @torch.no_grad()
    def forward(self, tokens, positions, past, past_positions):
        """Runs `tokens` over the states `past`: a token sees what has a lower position, and itself.

        past: [(keys, values)] of a layer, (1, heads, tokens, head size), at `past_positions`
        -> logits (tokens, vocabulary), the states of these tokens alone"""
        n = len(past_positions)
        cache = DynamicCache()
        if n:
            for layer, (keys, values) in enumerate(past):
                cache.update(keys, values, layer)
        query = torch.tensor(positions)[:, None]
        key = torch.tensor(list(past_positions) + list(positions))[None, :]
        mask = torch.zeros(key.shape[1]).repeat(len(tokens), 1)
        mask[key.expand_as(mask) > query.expand_as(mask)] = torch.finfo(torch.float32).min
        out = self.network(input_ids=torch.tensor([tokens]), position_ids=torch.tensor([positions]),
                           attention_mask=mask[None, None], past_key_values=cache, use_cache=True)
        states = [(layer.keys[:, :, n:].clone(), layer.values[:, :, n:].clone()) for layer in out.past_key_values.layers]
        return out.logits[0], states


def joined(parts):
    """-> the states of all parts, one after the other"""
    return [tuple(torch.cat([part[layer][kind] for part in parts], 2) for kind in (0, 1))
            for layer in range(len(parts[0]))] if parts else []


def positions(piece):
    return list(range(piece.start, piece.end))


class States:
    """The states of each piece in each context, computed once."""

    def __init__(self, model, plan):
        self.model, self.plan = model, plan
        self.known = {}

    def of(self, piece, scaffold=None):
        scaffold = self.plan.variant(piece, scaffold)
        name = (piece, scaffold)
        if name not in self.known:
            past, past_positions = [], []
            for other, variant in self.plan.context(piece, scaffold):
                if other is BEGIN:
                    at = self.plan.layout.starts[piece.module.path] - 1
                    past.append(self.begin(at))
                    past_positions.append(at)
                else:
                    past.append(self.of(other, variant))
                    past_positions += positions(other)
            self.known[name] = self.model.forward(piece.tokens, positions(piece), joined(past), past_positions)[1]
        return self.known[name]

    def begin(self, at):
        name = (BEGIN, at)
        if name not in self.known:
            self.known[name] = self.model.forward([self.plan.layout.tokens.bos], [at], [], [])[1]
        return self.known[name]


class Sequence:
    """A request: its states so far, and the logits of its last token."""

    def __init__(self, model):
        self.model = model
        self.states, self.positions = [], []
        self.logits = None

    def compute(self, tokens, at):
        logits, states = self.model.forward(tokens, at, self.states, self.positions)
        self.states = joined([self.states, states]) if self.positions else states
        self.positions = self.positions + list(at)
        self.logits = logits[at.index(max(at))]


def cached(model, states, prompt):
    """-> the sequence after prefill, the number of cached tokens"""
    sequence = Sequence(model)
    parts, at = [], []
    last_cached = max((p.end for p, _ in prompt.cached), default=-1)
    last_fresh = max((f.start + len(f.tokens) for f in prompt.fresh if f.tokens), default=-1)
    fresh = [(f.start + i, t) for f in prompt.fresh for i, t in enumerate(f.tokens)]
    for piece, scaffold in prompt.cached:
        part, places = states.of(piece, scaffold), positions(piece)
        if piece.end == last_cached and last_cached > last_fresh:
            fresh.append((places.pop(), piece.tokens[-1]))
            part = [(k[:, :, :-1], v[:, :, :-1]) for k, v in part]
        if places:
            parts.append(part)
            at += places
    sequence.states, sequence.positions = joined(parts), at
    fresh.sort()
    sequence.compute([t for _, t in fresh], [p for p, _ in fresh])
    return sequence, len(at)


def uncached(model, prompt):
    """The baseline: the same tokens in the order of their positions, without gaps."""
    sequence = Sequence(model)
    present = [(p.start + i, t) for p, _ in prompt.cached for i, t in enumerate(p.tokens)]
    present += [(f.start + i, t) for f in prompt.fresh for i, t in enumerate(f.tokens)]
    present.sort()
    sequence.compute([t for _, t in present], list(range(len(present))))
    return sequence


def answer(model, sequence, at, max_tokens, top):
    """-> token IDs, reason to stop, log-probabilities; greedy"""
    ids, entries = [], []
    while True:
        if len(ids) == max_tokens or at >= model.limit:
            return ids, "length", entries
        logprobs = torch.log_softmax(sequence.logits.double(), -1)
        best = torch.topk(logprobs, max(top, 1))
        token = int(best.indices[0])
        if token in model.eos:
            return ids, "stop", entries
        ids.append(token)
        entries.append({"token_id": token, "logprob": float(logprobs[token]), "top": [
            {"token_id": int(i), "logprob": float(v)} for v, i in zip(best.values[:top], best.indices[:top])]})
        if len(ids) < max_tokens and at < model.limit:
            sequence.compute([token], [at])
        at += 1

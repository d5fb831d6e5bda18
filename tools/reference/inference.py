"""Attention states and answers through torch and transformers, with explicit masks and position IDs."""
import json
import pathlib

import torch
from transformers.utils import logging
from transformers import AutoModelForCausalLM, DynamicCache

logging.disable_progress_bar()
torch.set_num_threads(1)  # the products are small, the threads would wait for each other


def context_length(config):
    return config.get("max_position_embeddings") or config["max_seq_len"]


class Model:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.config = json.loads((folder / "config.json").read_text())
        self.limit = context_length(self.config)
        self.has_distances = self.config["model_type"] == "mpt"
        generation = folder / "generation_config.json"
        eos = json.loads(generation.read_text()).get("eos_token_id") if generation.exists() else None
        eos = self.config.get("eos_token_id") if eos is None else eos
        self.eos = set(eos if isinstance(eos, list) else [] if eos is None else [eos])

    def _take_distances(self, distances):
        """ALiBi by position ID: `transformers` knows consecutive positions alone. distances: (tokens, keys)"""
        body = self.network.transformer
        kept = type(body).build_mpt_alibi_tensor

        def biases(heads, length, most=8, device=None):
            slopes = -kept(body, heads, 2, most)[:, :, :1]  # the bias at a distance of one
            return -slopes * distances

        body.build_mpt_alibi_tensor = biases

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
        given = {}
        if self.has_distances:
            self._take_distances(query - key)
        else:
            given["position_ids"] = torch.tensor([positions])
        out = self.network(input_ids=torch.tensor([tokens]), attention_mask=mask[None, None], past_key_values=cache,
                           use_cache=True, **given)
        states = [(layer.keys[:, :, n:].clone(), layer.values[:, :, n:].clone()) for layer in out.past_key_values.layers]
        return out.logits[0], states


def joined(parts):
    """-> the states of all parts, one after the other"""
    return [tuple(torch.cat([part[layer][kind] for part in parts], 2) for kind in (0, 1))
            for layer in range(len(parts[0]))] if parts else []


class States:
    """The states of encodings at the places where they are used.

    An encoding that stands elsewhere than in its own frame is computed where it is used, with all that it sees moved by
    as much: keys turned by p and queries turned by q meet as q - p alone, so this is what turning the queries gives."""

    def __init__(self, model):
        self.model = model
        self.known = {}

    def of(self, encoding, at):
        name = (encoding.sight, at)
        if name not in self.known:
            past, past_positions = [], []
            for start, other in encoding.context:
                if other.tokens:
                    place = at + start - encoding.start
                    past.append(self.of(other, place))
                    past_positions += range(place, place + len(other.tokens))
            places = list(range(at, at + len(encoding.tokens)))
            self.known[name] = self.model.forward(encoding.tokens, places, joined(past), past_positions)[1]
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


class Prefill:
    """Which tokens of a prompt come from encodings, which are computed: `encodings` has one, or None, for each part."""

    def __init__(self, prompt, encodings):
        self.prompt, self.encodings = prompt, encodings
        self.exact = [e is not None and e.sight == whole.sight for e, whole in zip(encodings, prompt.whole())]
        self.again = set()  # (part, token): cached ones that are computed all the same
        if encodings[-1] is not None:
            self.again.add((len(encodings) - 1, len(prompt.parts[-1].tokens) - 1))

    def cached(self):
        """-> [(part, token)] of what is taken from encodings"""
        return [(i, j) for i, part in enumerate(self.prompt.parts) if self.encodings[i] is not None
                for j in range(len(part.tokens)) if (i, j) not in self.again]

    def sequence(self, states):
        """-> the sequence after prefill"""
        sequence = Sequence(states.model)
        kept, at, fresh = [], [], []
        cached = set(self.cached())
        for i, part in enumerate(self.prompt.parts):
            taken = [j for j in range(len(part.tokens)) if (i, j) in cached]
            fresh += [(part.start + j, t) for j, t in enumerate(part.tokens) if (i, j) not in cached]
            if taken:
                kept.append([(k[:, :, taken], v[:, :, taken]) for k, v in states.of(self.encodings[i], part.start)])
                at += [part.start + j for j in taken]
        sequence.states, sequence.positions = joined(kept), at
        sequence.compute([t for _, t in fresh], [p for p, _ in fresh])
        return sequence


def uncached(model, prompt, in_place=False):
    """The baseline: the same tokens in the order of their positions, without gaps, or at the prompt's positions."""
    sequence = Sequence(model)
    present = [(part.start + i, t) for part in prompt.parts for i, t in enumerate(part.tokens)]
    sequence.compute([t for _, t in present], [p for p, _ in present] if in_place else list(range(len(present))))
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

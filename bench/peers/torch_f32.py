"""transformers with torch in f32 as a peer: python torch_f32.py FOLDER THREADS."""

import sys

import torch
from transformers import AutoModelForCausalLM, DynamicCache

from worker import Clock, serve, tokens


class Peer:
    def __init__(self, folder, threads):
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.config = self.model.config

    def cache(self, count):
        """States of `count` tokens in memory. What they are does not change what reading them takes."""
        shape = (1, self.config.num_key_value_heads, count, self.config.head_dim)
        cache = DynamicCache()
        for layer in range(self.config.num_hidden_layers):
            cache.update(torch.randn(shape), torch.randn(shape), layer)
        return cache

    def step(self, new, cache):
        output = self.model(
            input_ids=torch.tensor([new]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return int(output.logits[0, -1].argmax())

    def prefill(self, new):
        new = tokens(new, self.config.vocab_size)
        with Clock() as clock:
            first = self.step(new, DynamicCache())
        return clock, {"tokens": len(new), "first": first}

    def cached(self, cached, new):
        cache = self.cache(cached)
        new = tokens(new, self.config.vocab_size)
        with Clock() as clock:
            first = self.step(new, cache)
        return clock, {"tokens": len(new), "first": first}

    def decode(self, cached, count):
        cache = self.cache(cached) if cached else DynamicCache()
        next_token = self.step([3], cache)
        with Clock() as clock:
            for _ in range(count):
                next_token = self.step([next_token], cache)
        return clock, {"tokens": count}


if __name__ == "__main__":
    serve(Peer(sys.argv[1], int(sys.argv[2])))

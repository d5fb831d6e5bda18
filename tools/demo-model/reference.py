"""Answers through the transformers library, with real key-value caches.

In the modular ways every document's keys and values come from a forward pass of its own at its position
IDs, and the caches are concatenated: what Prompt Cache does, independently of attention.py."""
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from batch import runs
from layout import EOS


class Reference:
    def __init__(self, folder):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def forward(self, ids, positions, states):
        """states: [(keys, values) of a layer] or None -> logits of the last token, states with the new tokens"""
        cache = DynamicCache()
        past = 0
        if states:
            past = states[0][0].shape[2]
            for i, (k, v) in enumerate(states):
                cache.update(k, v, i)
        out = self.model(input_ids=torch.tensor([ids]), position_ids=torch.tensor([positions]), past_key_values=cache,
                         attention_mask=torch.ones(1, past + len(ids), dtype=torch.long), use_cache=True)
        return out.logits[0, -1], [(l.keys, l.values) for l in out.past_key_values.layers]

    def prompt(self, layout):
        """-> the states of the prompt, without <unk> and the documents' own <s>"""
        kinds = [layout.segments[s].kind for s in layout.segment]
        system = total = None
        for start, end in runs(layout):
            kind = kinds[start]
            seen = {"argument": total, "document": system if layout.mode == "context" else None}.get(kind)
            _, states = self.forward(layout.ids[start:end], layout.positions[start:end], seen)
            past = seen[0][0].shape[2] if seen else 0
            keep = [past + i for i in range(end - start) if kinds[start + i] not in ("unk", "bos")]
            states = [(k[:, :, keep], v[:, :, keep]) for k, v in states]
            if kind == "system":
                system = states
            total = states if total is None else [
                (torch.cat([a, k], 2), torch.cat([b, v], 2)) for (a, b), (k, v) in zip(total, states)]
        return total

    @torch.no_grad()
    def answer(self, layout, states, question=0, limit=24):
        """-> the greedy answer to a question of the layout"""
        start, first = layout.questions[question][0], layout.answers[question][0] + 1
        ids, positions = layout.ids[start:first], layout.positions[start:first]
        out = []
        while len(out) < limit:
            logits, states = self.forward(ids, positions, states)
            token = int(logits.argmax())
            if token == EOS:
                break
            out.append(token)
            ids, positions = [token], [positions[-1] + 1]
        return self.tokenizer.decode(out, skip_special_tokens=True).strip()

    @torch.no_grad()
    def generate(self, text, limit=24):
        """-> the answer by transformers' own generation, from plain text"""
        x = self.tokenizer(text, return_tensors="pt").input_ids
        y = self.model.generate(x, max_new_tokens=limit, do_sample=False, attention_mask=torch.ones_like(x),
                                pad_token_id=EOS)
        return x[0].tolist(), self.tokenizer.decode(y[0, x.shape[1]:], skip_special_tokens=True).strip()

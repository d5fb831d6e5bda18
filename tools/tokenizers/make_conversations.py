#!/usr/bin/env python3
"""Writes Tests/PromptCacheTests/Fixtures/conversations.json: the tokens of conversations as `transformers` has them.

    $(scripts/python tools) tools/tokenizers/make_conversations.py

Each case names a tokenizer of Tests/TokenizersTests/Fixtures and has a chat template, messages, and the IDs that
`apply_chat_template` gives, with the header of an answer. Where a message spells special tokens, the IDs are those of the template's own
special tokens with the text between them encoded by `tokenizers` with `encode_special_tokens`, so that what was said stays text."""
import itertools
import json
import pathlib

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

TESTS = pathlib.Path(__file__).parents[2] / "Tests"

CHATML = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
LLAMA3 = ("{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' ~ m.role ~ '<|end_header_id|>\n\n' ~ (m.content | trim) ~ '<|eot_id|>' }}"
          "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}")
TURNS = ("{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
         "{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}"
         "{% else %}{{ raise_exception('only user and assistant') }}{% endif %}{% endfor %}")
GEMMA = ("{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' + m.content | trim"
         " + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}")
FAMILIES = {"smollm": CHATML, "qwen2": CHATML, "llama3": LLAMA3, "gemma": GEMMA, "llama2": TURNS, "mistral": TURNS, "codellama": TURNS}

TEXTS = ["Hello", " two  spaces ", "Line one\n  line two\n", "Grüße, 東京! 🍕", "e\u0301 and \u0301first", "def f(x):\n\treturn x", "'ll do", "1234567"]


def conversations(special):
    for text, answer in itertools.pairwise(TEXTS):
        yield [{"role": "user", "content": text}]
        yield [{"role": "user", "content": text}, {"role": "assistant", "content": answer}, {"role": "user", "content": text + answer}]
    for token in special:
        yield [{"role": "user", "content": f"Say {token} twice: {token}{token}"}]
        yield [{"role": "user", "content": token}, {"role": "assistant", "content": token[:-1]}, {"role": "user", "content": token[1:] + token[:2]}]


def plain(raw, text):
    raw.encode_special_tokens = True
    ids = raw.encode(text, add_special_tokens=False).ids
    raw.encode_special_tokens = False
    return ids


def main():
    cases = []
    for family, template in FAMILIES.items():
        folder = TESTS / "TokenizersTests/Fixtures" / family
        config = json.loads((folder / "tokenizer_config.json").read_text())
        named = {k: v if isinstance(v, str) else v["content"] for k, v in config.items() if k in ("bos_token", "eos_token") and v}
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **named)
        raw = Tokenizer.from_file(str(folder / "tokenizer.json"))
        added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
        special = [a["content"] for a in added if a["special"]]
        for messages in conversations(special[:3]):
            ids = tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True, tokenize=True, return_dict=False)
            if any(token in m["content"] for m in messages for token in special):
                ids = hostile(tokenizer, raw, template, messages, special)
                if ids is None:
                    continue
            cases.append({"tokenizer": family, "template": template, "named": named, "messages": messages, "ids": list(ids)})
    target = TESTS / "PromptCacheTests/Fixtures/conversations.json"
    target.parent.mkdir(exist_ok=True)
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(cases), "cases")


def hostile(tokenizer, raw, template, messages, special):
    """-> None where text at the ends of a message could matter to what stands between special tokens in ways that cannot be told here"""
    marks = [f"\ue000{i}\ue001" for i in range(len(messages))]
    marked = [{"role": m["role"], "content": mark} for m, mark in zip(messages, marks)]
    text = tokenizer.apply_chat_template(marked, chat_template=template, add_generation_prompt=True, tokenize=False)
    if any(m["content"] != m["content"].strip() for m in messages):
        return None
    pieces, rest = [], text
    while rest:
        found = min(((rest.find(t), -len(t), t) for t in special if t in rest), default=None)
        if found is None:
            pieces.append((rest, False))
            break
        at, _, token = found
        if at:
            pieces.append((rest[:at], False))
        pieces.append((token, True))
        rest = rest[at + len(token):]
    ids = []
    for index, (piece, is_special) in enumerate(pieces):
        if is_special:
            ids.append(raw.token_to_id(piece))
            continue
        for m, mark in zip(messages, marks):
            piece = piece.replace(mark, m["content"])
        # Only a text at the very beginning is one that a tokenizer may put something in front of.
        if index and raw.normalizer is not None:
            return None
        ids += plain(raw, piece)
    return ids


main()

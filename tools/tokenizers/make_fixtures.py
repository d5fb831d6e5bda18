#!/usr/bin/env python3
"""Writes the fixtures of the tokenizer tests: what Hugging Face's `tokenizers` makes of texts.

    PATH=$(dirname "$(scripts/python tools)"):$PATH
    python3 tools/tokenizers/make_fixtures.py

Random cases, for a comparison by hand:

    python3 tools/tokenizers/make_fixtures.py --random 100000 --seed 1 --output /tmp/cases
    TOKENIZER_CASES=/tmp/cases swift test -c release --filter TokenizersTests.GoldenTests

The output holds `texts.json`, `[{"text", "times"}]`, and for each family a folder with `tokenizer.json`,
`tokenizer_config.json` and `goldens.json`:

    encoded    IDs of each text, with special tokens as text
    template   IDs of each text, with special tokens recognised; null where they are the same
    decoded    [IDs, text without special tokens, text with them or null where it is the same]; in the place of the IDs
               the number of a text whose `template` (or else `encoded`) they are, and null for a text that came back

Where a GGUF file can say what `tokenizer.json` says, `tokenizer.gguf` is beside it.

IDs of a text that is taken more than once are given as "count:hash" (FNV-1a over their four bytes, lowest first).
"""

import argparse
import json
import pathlib
import random

import gguf
from tokenizers import Tokenizer

import families
import texts

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests/TokenizersTests/Fixtures"


def digest(ids):
    value = 0xCBF29CE484222325
    for byte in b"".join(token.to_bytes(4, "little") for token in ids):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{len(ids)}:{value:016x}"


def decode(tokenizer, ids, number=None, original=None):
    """`None` where the library itself breaks: its `Strip` reads before the start of a short token."""
    try:
        without = tokenizer.decode(ids, skip_special_tokens=True)
        everything = tokenizer.decode(ids, skip_special_tokens=False)
    except BaseException as error:
        if "PanicException" not in type(error).__name__:
            raise
        return None
    return [
        ids if number is None else number,
        None if without == original else without,
        None if everything == without else everything,
    ]


def goldens(file, cases, seed):
    document, recognising = Tokenizer.from_str(file), Tokenizer.from_str(file)
    document.encode_special_tokens = True
    encoded, template, decoded = [], [], []
    for number, (text, times) in enumerate(cases):
        ids = document.encode(text * times, add_special_tokens=False).ids
        special = recognising.encode(text * times, add_special_tokens=False).ids
        if times > 1:
            encoded.append(digest(ids))
            template.append(None if special == ids else digest(special))
            continue
        encoded.append(ids)
        template.append(None if special == ids else special)
        decoded.append(decode(recognising, special, number, text))
    source = random.Random(seed)
    for _ in range(20):
        size = recognising.get_vocab_size()
        decoded.append(decode(recognising, [source.randrange(size + 2) for _ in range(source.randrange(16))]))
    return {"encoded": encoded, "template": template, "decoded": [case for case in decoded if case]}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def write_gguf(path, file, configuration, pre):
    """The same tokenizer as the keys of a GGUF file, as llama.cpp's converter writes them."""
    model, added = file["model"], {token["content"]: token for token in file["added_tokens"]}
    ids = dict(model["vocab"]) | {content: token["id"] for content, token in added.items()}
    tokens = sorted(ids, key=ids.get)
    kind = gguf.TokenType

    def token_type(token):
        if token == model["unk_token"] and pre is None:
            return kind.UNKNOWN
        if token in added:
            return kind.CONTROL if added[token]["special"] else kind.USER_DEFINED
        return kind.BYTE if pre is None and token.startswith("<0x") else kind.NORMAL

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2" if pre else "llama")
    writer.add_token_list(tokens)
    writer.add_token_types([token_type(token) for token in tokens])
    if pre:
        writer.add_tokenizer_pre(pre)
        writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    else:
        writer.add_token_scores([file["scores"].get(token, 0.0) for token in tokens])
        writer.add_unk_token_id(ids[model["unk_token"]])
        writer.add_add_space_prefix(file["normalizer"]["type"] == "Sequence")
    for key, add in [("bos_token", writer.add_bos_token_id), ("eos_token", writer.add_eos_token_id)]:
        token = configuration.get(key)
        token = token["content"] if isinstance(token, dict) else token
        if token is not None:
            add(ids[token])
    starts = configuration.get("add_bos_token")
    writer.add_add_bos_token("TemplateProcessing" in json.dumps(file["post_processor"]) if starts is None else starts)
    if isinstance(configuration.get("chat_template"), str):
        writer.add_chat_template(configuration["chat_template"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=0, metavar="COUNT", help="random texts in the place of the chosen ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    arguments = parser.parse_args()

    made = {family.__name__: family() for family in families.FAMILIES}
    spellings = sorted({token["content"] for file, _ in made.values() for token in file["added_tokens"]})
    if arguments.random:
        cases = [(text, 1) for text in texts.random_texts(arguments.random, arguments.seed, spellings)]
    else:
        cases = [(text, 1) for text in texts.CHOSEN + texts.random_texts(12, arguments.seed, spellings)] + texts.LONG
    arguments.output.mkdir(parents=True, exist_ok=True)
    write(arguments.output / "texts.json", [{"text": text, "times": times} for text, times in cases])
    for name, (file, configuration) in made.items():
        folder = arguments.output / name
        folder.mkdir(exist_ok=True)
        if name in families.GGUF_NAMES:
            write_gguf(folder / "tokenizer.gguf", file, configuration, families.GGUF_NAMES[name])
        file.pop("scores", None)
        write(folder / "tokenizer.json", file)
        write(folder / "tokenizer_config.json", configuration)
        tokenizer = (folder / "tokenizer.json").read_text(encoding="utf-8")
        write(folder / "goldens.json", goldens(tokenizer, cases, arguments.seed))
        print(name, sum(path.stat().st_size for path in folder.iterdir()), "bytes")


if __name__ == "__main__":
    main()

"""Small tokenizers with the configuration of real model families, trained on corpus.txt.

Normalizers, pre-tokenizers, decoders, post-processors and added tokens are those of the families' published
`tokenizer.json`; the vocabularies are small ones of our own.
"""

import copy
import json
import pathlib

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CORPUS = (pathlib.Path(__file__).parent / "corpus.txt").read_text(encoding="utf-8")
BYTE_ALPHABET = pre_tokenizers.ByteLevel.alphabet()

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace("{1,3}", "")
GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
TEKKEN_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


# Parts


def byte_level(add_prefix_space=False, trim_offsets=True, use_regex=True):
    return {
        "type": "ByteLevel",
        "add_prefix_space": add_prefix_space,
        "trim_offsets": trim_offsets,
        "use_regex": use_regex,
    }


def split(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def pre_sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def template(token, token_id):
    def sequence(name):
        return {"Sequence": {"id": name, "type_id": 0}}

    special = {"SpecialToken": {"id": token, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [special, sequence("A")],
        "pair": [special, sequence("A"), special, sequence("B")],
        "special_tokens": {token: {"id": token, "ids": [token_id], "tokens": [token]}},
    }


def added(content, special=True, **flags):
    token = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=special)
    return {"content": content, **token, **flags}


def replace(pattern, content):
    return {"type": "Replace", "pattern": {"String": pattern}, "content": content}


def sentencepiece_decoder(strips=True):
    steps = [replace("▁", " "), {"type": "ByteFallback"}, {"type": "Fuse"}]
    if strips:
        steps.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {"type": "Sequence", "decoders": steps}


def metaspace(scheme, splits):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": splits}


# Vocabularies


def train(pre_tokenizer, normalizer=None, size=480, alphabet=(), corpus=CORPUS):
    """Vocabulary and merges, in the order of their training."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(alphabet), show_progress=False, limit_alphabet=max(len(alphabet), 300)
    )
    tokenizer.train_from_iterator([corpus], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


def byte_vocabulary(size=480, pattern=None):
    """A byte-level vocabulary: the bytes in GPT-2's order, then merges."""
    steps = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if pattern:
        steps = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(pattern), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    vocabulary, merges = train(steps, size=size, alphabet=BYTE_ALPHABET)
    return vocabulary, merges


def sentencepiece_vocabulary(size=480):
    """A vocabulary in Llama 2's order: <unk>, <s>, </s>, the bytes, merged tokens, characters."""
    spaces = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    words = pre_tokenizers.Split(Regex(r"▁?[^▁]+|▁+"), "isolated")
    trained, merges = train(words, normalizer=spaces, size=size)
    results = {left + right for left, right in merges}
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokens += [token for token in trained if token in results]
    tokens += [token for token in trained if token not in results]
    return {token: index for index, token in enumerate(tokens)}, merges


def scores(vocabulary, merges):
    """A SentencePiece model's score of each token: the earlier it was made, the higher; characters come last."""
    made = {left + right: -float(rank) for rank, (left, right) in enumerate(merges)}
    return {token: made.get(token, -1e4 - index) for token, index in vocabulary.items()}


def merges_by_score(vocabulary, merges):
    """Every way to make a token of two, as `transformers` lists them for a model with scores."""
    score = scores(vocabulary, merges)
    kept = [token for token in vocabulary if not token.startswith("<")]
    splits = [
        (score[token], len(token[:cut]), len(token[cut:]), token[:cut], token[cut:])
        for token in kept
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    return [[left, right] for _, _, _, left, right in sorted(splits, key=lambda split: split[:3], reverse=True)]


def model(vocabulary, merges, legacy_merges=False, **options):
    settings = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
    }
    settings.update(options)
    settings["vocab"] = vocabulary
    settings["merges"] = [" ".join(merge) for merge in merges] if legacy_merges else merges
    return settings


def tokenizer(model, added_tokens, **parts):
    """The file, with IDs for the added tokens: the vocabulary's, or the next ones free."""
    tokens = copy.deepcopy(added_tokens)
    following = len(model["vocab"])
    for token in tokens:
        if token["content"] in model["vocab"]:
            token["id"] = model["vocab"][token["content"]]
        else:
            token["id"] = following
            following += 1
    tokens = [{"id": token.pop("id"), **token} for token in tokens]
    keys = ["normalizer", "pre_tokenizer", "post_processor", "decoder"]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(tokens, key=lambda token: token["id"]),
        **{key: parts.get(key) for key in keys},
        "model": model,
    }


# Families


def gpt2():
    """GPT-2: a vocabulary that ends with its only special token, merges as lines, empty affixes."""
    vocabulary, merges = byte_vocabulary()
    vocabulary["<|endoftext|>"] = len(vocabulary)
    options = {"continuing_subword_prefix": "", "end_of_word_suffix": ""}
    return tokenizer(
        model(vocabulary, merges, legacy_merges=True, **options),
        [added("<|endoftext|>", normalized=True)],
        pre_tokenizer=byte_level(),
        post_processor=byte_level(trim_offsets=False),
        decoder=byte_level(add_prefix_space=True),
    ), {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "add_prefix_space": False}


def llama3():
    vocabulary, merges = byte_vocabulary(pattern=LLAMA3_PATTERN)
    # A token that its merges do not make, which counts only where it is a piece of its own.
    vocabulary["Ġharbours"] = len(vocabulary)
    names = ["begin_of_text", "end_of_text", "start_header_id", "end_header_id", "eot_id", "reserved_special_token_0"]
    return tokenizer(
        model(vocabulary, merges, ignore_merges=True),
        [added(f"<|{name}|>") for name in names],
        pre_tokenizer=pre_sequence(split(LLAMA3_PATTERN), byte_level(use_regex=False)),
        post_processor={
            "type": "Sequence",
            "processors": [byte_level(add_prefix_space=True), template("<|begin_of_text|>", len(vocabulary))],
        },
        decoder=byte_level(add_prefix_space=True),
    ), {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "clean_up_tokenization_spaces": True}


def qwen2():
    vocabulary, merges = byte_vocabulary(pattern=QWEN2_PATTERN)
    tokens = [added("<|endoftext|>"), added("<|im_start|>"), added("<|im_end|>")]
    tokens += [added(name, special=False) for name in ["<tool_call>", "</tool_call>", "<|fim_prefix|>"]]
    return tokenizer(
        model(vocabulary, merges),
        tokens,
        normalizer={"type": "NFC"},
        pre_tokenizer=pre_sequence(split(QWEN2_PATTERN), byte_level(trim_offsets=False, use_regex=False)),
        post_processor=byte_level(trim_offsets=False, use_regex=False),
        decoder=byte_level(trim_offsets=False, use_regex=False),
    ), {"add_bos_token": False, "bos_token": None, "eos_token": "<|im_end|>", "chat_template": "{{ messages }}"}


def falcon():
    vocabulary, merges = byte_vocabulary()
    names = [">>TITLE<<", ">>ABSTRACT<<", ">>SUMMARY<<", ">>QUESTION<<", "<|endoftext|>"]
    return tokenizer(
        model(vocabulary, merges),
        [added(name) for name in names],
        pre_tokenizer=pre_sequence(
            {"type": "Punctuation", "behavior": "Contiguous"},
            byte_level(),
            {"type": "Digits", "individual_digits": False},
            split("[0-9][0-9][0-9]"),
        ),
        post_processor=byte_level(add_prefix_space=True, trim_offsets=False),
        decoder=byte_level(add_prefix_space=True),
    ), {"eos_token": "<|endoftext|>", "add_prefix_space": False}


def mpt():
    """MPT takes GPT-NeoX's tokenizer: runs of spaces are added tokens, looked for in normalized text."""
    vocabulary, merges = byte_vocabulary()
    vocabulary = {"<|endoftext|>": 0, "<|padding|>": 1, **{token: index + 2 for token, index in vocabulary.items()}}
    spaces = [added(" " * count, special=False, normalized=True) for count in range(24, 1, -1)]
    return tokenizer(
        model(vocabulary, merges, legacy_merges=True),
        [added("<|endoftext|>"), added("<|padding|>"), *spaces],
        normalizer={"type": "NFC"},
        pre_tokenizer=byte_level(),
        post_processor=byte_level(add_prefix_space=True),
        decoder=byte_level(add_prefix_space=True),
    ), {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}


LLAMA2_SPECIAL = [added(token, normalized=False) for token in ["<unk>", "<s>", "</s>"]]
LLAMA2_MODEL = {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}


def legacy_spaces():
    return {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, replace(" ", "▁")]}


def llama2():
    vocabulary, merges = sentencepiece_vocabulary()
    return tokenizer(
        model(vocabulary, merges, legacy_merges=True, **LLAMA2_MODEL),
        LLAMA2_SPECIAL,
        normalizer=legacy_spaces(),
        post_processor=template("<s>", 1),
        decoder=sentencepiece_decoder(),
    ), {
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": False, "normalized": False},
        "eos_token": {"__type": "AddedToken", "content": "</s>", "lstrip": False, "normalized": False},
        "legacy": False,
    }


def codellama():
    """Infilling tokens that begin with the character for a space, one of them looked for in normalized text."""
    vocabulary, merges = sentencepiece_vocabulary()
    tokens = [*LLAMA2_SPECIAL, added("▁<PRE>"), added("▁<SUF>"), added("▁<MID>"), added("▁<EOT>")]
    tokens.append(added("<FILL_ME>", special=False, normalized=True))
    return tokenizer(
        model(vocabulary, merges, **LLAMA2_MODEL),
        tokens,
        normalizer=legacy_spaces(),
        post_processor=template("<s>", 1),
        decoder=sentencepiece_decoder(),
    ), {"bos_token": "<s>", "eos_token": "</s>"}


def mistral():
    """Mistral 7B v0.3: control tokens, and `Metaspace` in the place of the normalizer."""
    vocabulary, merges = sentencepiece_vocabulary()
    names = ["[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"]
    return tokenizer(
        model(vocabulary, merges, **LLAMA2_MODEL),
        [*LLAMA2_SPECIAL, *[added(name) for name in names]],
        pre_tokenizer=metaspace("first", False),
        post_processor=template("<s>", 1),
        decoder=sentencepiece_decoder(),
    ), {
        "add_bos_token": True,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "chat_template": [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}],
    }


def smollm():
    vocabulary, merges = byte_vocabulary()
    vocabulary = {"<|endoftext|>": 0, **{token: index + 1 for token, index in vocabulary.items()}}
    return tokenizer(
        model(vocabulary, merges),
        [added("<|endoftext|>"), added("<|im_start|>"), added("<|im_end|>"), added("<repo_name>")],
        pre_tokenizer=pre_sequence({"type": "Digits", "individual_digits": True}, byte_level()),
        decoder=byte_level(add_prefix_space=True),
    ), {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": "<|endoftext|>"}


def nemo():
    """Mistral NeMo: Tekken."""
    vocabulary, merges = byte_vocabulary(pattern=TEKKEN_PATTERN)
    vocabulary = {token: index + 3 for token, index in vocabulary.items()}
    return tokenizer(
        model({"<unk>": 0, "<s>": 1, "</s>": 2, **vocabulary}, merges, ignore_merges=True),
        [*LLAMA2_SPECIAL, added("[INST]"), added("[/INST]")],
        pre_tokenizer=pre_sequence(split(TEKKEN_PATTERN), byte_level(use_regex=False)),
        post_processor=template("<s>", 1),
        decoder=byte_level(add_prefix_space=True),
    ), {"add_bos_token": True, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def deepseek():
    """DeepSeek Coder: one split after the other."""
    vocabulary, merges = byte_vocabulary()
    return tokenizer(
        model(vocabulary, merges),
        [added("<｜begin▁of▁sentence｜>"), added("<｜end▁of▁sentence｜>"), added("<|User|>", special=False, normalized=True)],
        normalizer={"type": "Sequence", "normalizers": []},
        pre_tokenizer=pre_sequence(
            split(r"[\r\n]"),
            split(r"\s?\p{L}+"),
            split(r"\s?\p{P}+"),
            split("[一-龥ࠀ-一가-퟿]+"),
            {"type": "Digits", "individual_digits": True},
            byte_level(use_regex=False),
        ),
        post_processor=template("<｜begin▁of▁sentence｜>", len(vocabulary)),
        decoder=byte_level(add_prefix_space=True),
    ), {"add_bos_token": True, "bos_token": {"content": "<｜begin▁of▁sentence｜>"}, "eos_token": "<｜end▁of▁sentence｜>"}


def gemma():
    """Gemma's stages: spaces replaced, then split at the character for them; nothing is put before the text."""
    vocabulary, merges = sentencepiece_vocabulary()
    return tokenizer(
        model(vocabulary, merges, **LLAMA2_MODEL),
        [*LLAMA2_SPECIAL, added("<start_of_turn>"), added("\n\n", special=False), added("\n\n\n", special=False)],
        normalizer=replace(" ", "▁"),
        pre_tokenizer=split(" ", "MergedWithPrevious", kind="String"),
        post_processor=template("<s>", 1),
        decoder=sentencepiece_decoder(strips=False),
    ), {"bos_token": "<s>", "eos_token": "</s>"}


def scored(family):
    """A family whose merges are those that its scores give."""
    file, config = family()
    vocabulary = file["model"]["vocab"]
    merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in file["model"]["merges"]]
    file["scores"] = scores(vocabulary, merges)
    file["model"]["merges"] = merges_by_score(vocabulary, merges)
    return file, config


def llama2_scored():
    return scored(llama2)


def gemma_scored():
    return scored(gemma)


def phi4_mini():
    """Phi-4-mini: the pattern of `o200k_base`."""
    vocabulary, merges = byte_vocabulary(pattern=O200K_PATTERN)
    return tokenizer(
        model(vocabulary, merges),
        [added("<|endoftext|>"), added("<|im_start|>", rstrip=True), added("<|im_end|>", rstrip=True)],
        pre_tokenizer=pre_sequence(split(O200K_PATTERN), byte_level(use_regex=False)),
        decoder=byte_level(),
    ), {"add_bos_token": False, "bos_token": "<|endoftext|>", "eos_token": "<|im_end|>"}


def spaced():
    """`Metaspace` that splits, a prefix for each piece, unknown characters apart, some bytes without a token."""
    vocabulary, merges = sentencepiece_vocabulary()
    kept = {token for token in vocabulary if not (token.startswith("<0x") and int(token[3:5], 16) % 7 == 3)}
    kept -= {"é", "ü", "х", "и"} - {part for merge in merges for part in merge}
    vocabulary = {token: index for index, token in enumerate(t for t in vocabulary if t in kept)}
    return tokenizer(
        model(vocabulary, merges, unk_token="<unk>", byte_fallback=True),
        [*LLAMA2_SPECIAL, added("<mask>", lstrip=True), added("<cut>", special=False, lstrip=True, rstrip=True)],
        normalizer={"type": "NFD"},
        pre_tokenizer=metaspace("always", True),
        decoder={"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    ), {}


def words():
    """Added tokens of every kind, behaviours that no family has, no decoder."""
    vocabulary, merges = byte_vocabulary()
    merged = {part for merge in merges for part in merge}
    for token in [token for token in vocabulary if len(token) == 1 and token not in merged][::5]:
        del vocabulary[token]  # bytes without a token: they vanish
    vocabulary = {token: index for index, token in enumerate(vocabulary)}
    tokens = [
        added("harbour", special=False, single_word=True, normalized=True),
        added("house", special=False, rstrip=True),
        added("boat", special=False, lstrip=True, rstrip=True, single_word=True),
        added("boats", special=False),
        added("<sep>", lstrip=True, rstrip=True),
        added("<sep><cls>"),
        added("<cls> house", special=False),
    ]
    return tokenizer(
        model(vocabulary, merges),
        tokens,
        normalizer={"type": "Sequence", "normalizers": [{"type": "NFD"}, replace("``", '"'), {"type": "NFC"}]},
        pre_tokenizer=pre_sequence(
            {"type": "Punctuation", "behavior": "MergedWithNext"},
            split(r"\p{N}{1,3}", "MergedWithPrevious"),
            split(GPT2_PATTERN, "Removed", invert=True),
            byte_level(add_prefix_space=True, use_regex=False),
            {"type": "Digits", "individual_digits": False},
        ),
        post_processor=byte_level(),
    ), {}


def unknown():
    """Characters without byte fallback: unknown ones are one token in a row; white space only parts words."""
    vocabulary, merges = sentencepiece_vocabulary()
    vocabulary = [token for token in vocabulary if not token.startswith("<0x") and token not in ("é", "ü", "б")]
    known = set(vocabulary)
    merges = [merge for merge in merges if set(merge) | {merge[0] + merge[1]} <= known]
    return tokenizer(
        model({token: index for index, token in enumerate(vocabulary)}, merges, unk_token="<unk>", fuse_unk=True),
        LLAMA2_SPECIAL,
        pre_tokenizer=pre_sequence({"type": "WhitespaceSplit"}, {"type": "Whitespace"}, metaspace("first", True)),
        decoder={"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}, {"type": "Strip", "content": "e", "start": 1, "stop": 1}]},
    ), {}


FAMILIES = [
    gpt2, llama3, qwen2, falcon, mpt, llama2, codellama, mistral, smollm, nemo, deepseek, gemma, spaced, words, unknown,
    llama2_scored, gemma_scored, phi4_mini,
]  # fmt: skip

# What GGUF files call the pre-tokenizer of a family; `None` for one that has scores.
GGUF_NAMES = {
    "gpt2": "gpt-2", "llama3": "llama-bpe", "qwen2": "qwen2", "falcon": "falcon", "mpt": "mpt", "smollm": "smollm",
    "nemo": "tekken", "llama2_scored": None, "gemma_scored": None,
}  # fmt: skip

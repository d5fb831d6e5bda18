#!/usr/bin/env python3
"""Small random models that differ from the demo model in what the language depends on: tokenizer, BOS, chat template.

    models.py FOLDER        writes FOLDER/chat, FOLDER/pieces, FOLDER/bare, and the two small enough for a repository:
                            FOLDER/end, FOLDER/distances"""
import json
import pathlib
import shutil
import sys

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, MptConfig, MptForCausalLM

from cases import FOLDER
from reference import DEMO_MODEL

CHATML = "{% for m in messages %}{{'<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n'}}{% endfor %}"
LLAMA2 = "{% if messages[0].role == 'system' %}{{'<<SYS>>\\n'}}{% endif %}{{bos_token + '[INST] '}}"
LETTERS = "Answer the question. The mayor of Norville is Didi. She likes soup. Her room is 418. Who is the mayor? It rains."
LLAMA3 = "{{'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'}}"


def network(folder, vocabulary, seed, eos, shards=False, dtype=torch.float32, **config):
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=8192, initializer_range=0.15, eos_token_id=eos, **config)
    save(LlamaForCausalLM(config).to(dtype), folder, eos, max_shard_size="100KB" if shards else "5GB")


def save(model, folder, eos, **options):
    model.save_pretrained(folder, **options)
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos}) + "\n")


def start(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return json.loads((DEMO_MODEL / "tokenizer.json").read_text())


def special(file, *contents):
    first = max(max(file["model"]["vocab"].values()), *(t["id"] for t in file["added_tokens"])) + 1
    for i, content in enumerate(contents):
        file["added_tokens"].append({"id": first + i, "content": content, "single_word": False, "lstrip": False,
                                     "rstrip": False, "normalized": False, "special": True})
    return first + len(contents)


def chat(folder):
    """ChatML with special tokens of its own, BOS declared off though the post-processor has it, an EOS list."""
    file = start(folder)
    size = special(file, "<|im_start|>", "<|im_end|>")
    (folder / "tokenizer.json").write_text(json.dumps(file))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": False, "bos_token": "<s>", "eos_token": "<|im_end|>",
         "chat_template": CHATML}))
    network(folder, size, 1, [2, size - 1], tie_word_embeddings=True)


def pieces(folder):
    """SentencePiece-like: a space before each run, byte fallback, an unknown token; a template in a file of its own."""
    start(folder)
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    bytes_ = [f"<0x{i:02X}>" for i in range(256)]
    corpus = [line for path in sorted(FOLDER.glob("*.toml")) for line in path.read_text().split("\n")]
    trainer = trainers.BpeTrainer(vocab_size=1200, special_tokens=["<unk>", "<s>", "</s>", *bytes_], show_progress=False)
    tokenizer.train_from_iterator((word for line in corpus for word in line.split(" ")), trainer)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [t for t in file["added_tokens"] if t["content"] not in bytes_]
    (folder / "tokenizer.json").write_text(json.dumps(file))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}))
    (folder / "chat_template.jinja").write_text(LLAMA2)
    network(folder, tokenizer.get_vocab_size(), 2, 2, rope_theta=10000.0, tie_word_embeddings=False)


def bare(folder):
    """No BOS at all, a list of templates, bf16 weights in shards, scaled positions."""
    file = start(folder)
    size = special(file, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
    file["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    (folder / "tokenizer.json").write_text(json.dumps(file))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"chat_template": [{"name": "tool_use", "template": "[INST]"}, {"name": "default", "template": LLAMA3}]}))
    network(folder, size, 3, size - 1, shards=True, dtype=torch.bfloat16, tie_word_embeddings=False, rope_scaling={
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 512}, rope_theta=500000.0)


def letters(folder, **declared):
    """A tokenizer of bytes and a few words of English. -> tokens"""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=["<s>", "</s>"], show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator([LETTERS], trainer)
    (folder / "tokenizer.json").write_text(tokenizer.to_str())
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>", **declared}) + "\n")
    return tokenizer.get_vocab_size()


def end(folder):
    """No BOS and none named, so that isolated modules rest on EOS; a short context."""
    size = letters(folder)
    torch.manual_seed(4)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=160, initializer_range=0.3, bos_token_id=None, eos_token_id=1,
        rope_theta=1000.0, tie_word_embeddings=True)
    save(LlamaForCausalLM(config).to(torch.bfloat16), folder, 1)


def distances(folder):
    """ALiBi; a BOS that is named but begins no sequence."""
    size = letters(folder, bos_token="<s>", add_bos_token=False)
    torch.manual_seed(5)
    config = MptConfig(
        vocab_size=size, d_model=32, n_heads=4, n_layers=2, expansion_ratio=4, max_seq_len=160, initializer_range=0.3,
        bos_token_id=0, eos_token_id=1)
    save(MptForCausalLM(config).to(torch.bfloat16), folder, 1)


def main():
    for make in (chat, pieces, bare, end, distances):
        make(pathlib.Path(sys.argv[1]) / make.__name__)


if __name__ == "__main__":
    main()

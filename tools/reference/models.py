#!/usr/bin/env python3
"""Small random models that differ from the demo model in what the language depends on: tokenizer, BOS, chat template.

    models.py FOLDER        writes FOLDER/chat, FOLDER/pieces, FOLDER/bare"""
import json
import pathlib
import shutil
import sys

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from cases import FOLDER
from reference import DEMO_MODEL

CHATML = "{% for m in messages %}{{'<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n'}}{% endfor %}"
LLAMA2 = "{% if messages[0].role == 'system' %}{{'<<SYS>>\\n'}}{% endif %}{{bos_token + '[INST] '}}"
LLAMA3 = "{{'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'}}"


def network(folder, vocabulary, seed, eos, shards=False, dtype=torch.float32, **config):
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=8192, initializer_range=0.15, eos_token_id=eos, **config)
    model = LlamaForCausalLM(config).to(dtype)
    model.save_pretrained(folder, max_shard_size="100KB" if shards else "5GB")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos}))


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


def main():
    for make in (chat, pieces, bare):
        make(pathlib.Path(sys.argv[1]) / make.__name__)


if __name__ == "__main__":
    main()

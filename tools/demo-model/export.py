"""Checkpoint -> Hugging Face folder (16-bit floats), and back.

    python export.py build/docqa.pt build/tokenizer.json ../../Models/docqa"""
import argparse
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file

from model import Config, Llama

NAMES = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
         "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
         "attention_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm"}


def hugging_face_names(layers):
    """our parameter name -> theirs"""
    names = {"embedding": "model.embed_tokens.weight", "norm": "model.norm.weight"}
    for i in range(layers):
        names.update({f"layers.{i}.{k}": f"model.layers.{i}.{v}.weight" for k, v in NAMES.items()})
    return names


def write_json(folder, name, content):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(content, f, indent=2)
        f.write("\n")


def export(state, tokenizer, folder):
    c = Config(vocabulary=state["embedding"].shape[0])
    os.makedirs(folder, exist_ok=True)
    tensors = {theirs: state[ours].to(torch.float16).contiguous() for ours, theirs in hugging_face_names(c.layers).items()}
    save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    write_json(folder, "config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False,
        "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "head_dim": c.head, "hidden_act": "silu",
        "hidden_size": c.hidden, "initializer_range": 0.02, "intermediate_size": c.feed_forward,
        "max_position_embeddings": c.positions, "mlp_bias": False, "num_attention_heads": c.heads,
        "num_hidden_layers": c.layers, "num_key_value_heads": c.key_value_heads, "pretraining_tp": 1,
        "rms_norm_eps": c.epsilon, "rope_scaling": None, "rope_theta": c.theta, "tie_word_embeddings": True,
        "torch_dtype": "float16", "use_cache": True, "vocab_size": c.vocabulary})
    write_json(folder, "generation_config.json", {
        "bos_token_id": 1, "eos_token_id": 2, "do_sample": False, "max_new_tokens": 24})
    write_json(folder, "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "add_bos_token": True, "add_eos_token": False, "clean_up_tokenization_spaces": False,
        "model_max_length": c.positions})
    shutil.copyfile(tokenizer, os.path.join(folder, "tokenizer.json"))


def load(folder):
    """-> the model of an exported folder"""
    tensors = load_file(os.path.join(folder, "model.safetensors"))
    names = hugging_face_names(Config.layers)
    model = Llama(Config(vocabulary=tensors[names["embedding"]].shape[0]))
    model.load_state_dict({ours: tensors[theirs].float() for ours, theirs in names.items()})
    return model.eval()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("checkpoint")
    ap.add_argument("tokenizer")
    ap.add_argument("folder")
    a = ap.parse_args()
    export(torch.load(a.checkpoint, weights_only=False)["model"], a.tokenizer, a.folder)


if __name__ == "__main__":
    main()

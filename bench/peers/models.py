"""Random weights of one shape, as each engine wants them: a Hugging Face folder in bf16, and GGUF files."""

import json
import pathlib

import gguf
import numpy as np
import torch
from safetensors.torch import load_file, save_file

FORMATS = {
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (gguf.GGMLQuantizationType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}

GGUF_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def folder(shape, root):
    """The Hugging Face folder, made unless it is there."""
    path = pathlib.Path(root) / shape.name
    weights = path / "model.safetensors"
    if weights.exists():
        return path
    path.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(5)

    def matrix(outputs, inputs):
        return (torch.randn(outputs, inputs, generator=generator) * inputs**-0.5).to(torch.bfloat16)

    tensors = {"model.norm.weight": torch.ones(shape.hidden, dtype=torch.bfloat16)}
    tensors["model.embed_tokens.weight"] = matrix(shape.vocabulary, shape.hidden)
    if not shape.tied:
        tensors["lm_head.weight"] = matrix(shape.vocabulary, shape.hidden)
    for layer in range(shape.layers):
        prefix = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{prefix}{norm}.weight"] = torch.ones(shape.hidden, dtype=torch.bfloat16)
        for name, outputs, inputs in shape.layer_matrices:
            tensors[f"{prefix}{name}.weight"] = matrix(outputs, inputs)
    (path / "config.json").write_text(json.dumps(shape.config(), indent=2))
    (path / "tokenizer.json").write_text("{}")
    save_file(tensors, weights.with_suffix(".part"), metadata={"format": "pt"})
    weights.with_suffix(".part").rename(weights)
    return path


def gguf_file(shape, root, form):
    """The GGUF file of one format, made from the folder unless it is there."""
    path = pathlib.Path(root) / f"{shape.name}-{form}.gguf"
    if path.exists():
        return path
    tensors = load_file(folder(shape, root) / "model.safetensors")
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.intermediate)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("none")
    quantization, file_type = FORMATS[form]
    writer.add_file_type(file_type)

    def add(name, tensor, heads=0):
        numbers = tensor.to(torch.float32).numpy()
        if numbers.ndim == 1:
            writer.add_tensor(name, numbers)
            return
        if heads:
            # GGUF keeps the two halves of a rotated pair side by side.
            numbers = numbers.reshape(heads, 2, shape.head // 2, -1).swapaxes(1, 2).reshape(numbers.shape)
        writer.add_tensor(name, gguf.quantize(np.ascontiguousarray(numbers), quantization), raw_dtype=quantization)

    add("token_embd.weight", tensors["model.embed_tokens.weight"])
    add("output_norm.weight", tensors["model.norm.weight"])
    if not shape.tied:
        add("output.weight", tensors["lm_head.weight"])
    for layer in range(shape.layers):
        source, target = f"model.layers.{layer}.", f"blk.{layer}."
        add(f"{target}attn_norm.weight", tensors[f"{source}input_layernorm.weight"])
        add(f"{target}ffn_norm.weight", tensors[f"{source}post_attention_layernorm.weight"])
        for name, _, _ in shape.layer_matrices:
            heads = {"self_attn.q_proj": shape.heads, "self_attn.k_proj": shape.kv_heads}.get(name, 0)
            add(f"{target}{GGUF_NAMES[name]}.weight", tensors[f"{source}{name}.weight"], heads)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(path)
    return path

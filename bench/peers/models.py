"""Models for every engine: a Hugging Face folder, GGUF files, and what OpenVINO makes of the folder. Weights are random, or
those of a published GGUF file."""

import ctypes
import json
import os
import pathlib
import subprocess
import sys

import gguf
import numpy as np
import torch
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).parent.parent.parent

# Forms that are made here, number by number, from the folder.
FORMATS = {
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "q4_0": (gguf.GGMLQuantizationType.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
}
# Forms that llama.cpp makes from the f16 file. They mix types as published files do, and where a row is no multiple of 256
# numbers they have Q5_0, Q5_1 and Q8_0 in place of Q4_K, Q5_K and Q6_K.
MIXES = {
    "q4_k_m": gguf.LlamaFileType.MOSTLY_Q4_K_M,
    "q5_k_s": gguf.LlamaFileType.MOSTLY_Q5_K_S,
    "q6_k": gguf.LlamaFileType.MOSTLY_Q6_K,
}

GGUF_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tensor_names(shape):
    """For each tensor its name in the folder, its name in a GGUF file, and its number of heads, if they are rotated."""
    yield "model.embed_tokens.weight", "token_embd.weight", 0
    yield "model.norm.weight", "output_norm.weight", 0
    if not shape.tied:
        yield "lm_head.weight", "output.weight", 0
    for layer in range(shape.layers):
        source, target = f"model.layers.{layer}.", f"blk.{layer}."
        yield f"{source}input_layernorm.weight", f"{target}attn_norm.weight", 0
        yield f"{source}post_attention_layernorm.weight", f"{target}ffn_norm.weight", 0
        for name, _, _ in shape.layer_matrices:
            heads = {"self_attn.q_proj": shape.heads, "self_attn.k_proj": shape.kv_heads}.get(name, 0)
            yield f"{source}{name}.weight", f"{target}{GGUF_NAMES[name]}.weight", heads


def random_tensors(shape):
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
    return tensors


def opened_tensors(shape, root):
    """The weights of the published file, opened."""
    found = {t.name: t for t in gguf.GGUFReader(published_file(shape, root)).tensors}
    tensors = {}
    for name, in_file, heads in tensor_names(shape):
        numbers = gguf.dequantize(found[in_file].data, found[in_file].tensor_type)
        if heads:
            numbers = numbers.reshape(heads, shape.head // 2, 2, -1).swapaxes(1, 2).reshape(numbers.shape)
        tensors[name] = torch.from_numpy(np.ascontiguousarray(numbers)).to(torch.float16)
    return tensors


def folder(shape, root):
    """The Hugging Face folder, made unless it is there."""
    path = pathlib.Path(root) / shape.name
    weights = path / "model.safetensors"
    if weights.exists():
        return path
    path.mkdir(parents=True, exist_ok=True)
    tensors = opened_tensors(shape, root) if shape.published else random_tensors(shape)
    (path / "config.json").write_text(json.dumps(shape.config(), indent=2))
    (path / "tokenizer.json").write_text("{}")
    save_file(tensors, weights.with_suffix(".part"), metadata={"format": "pt"})
    weights.with_suffix(".part").rename(weights)
    return path


def published_file(shape, root):
    """The GGUF file that `scripts/get-model` brings."""
    said = subprocess.run(
        [ROOT / "scripts/get-model", shape.published, root], check=True, stdout=subprocess.PIPE, text=True).stdout
    return pathlib.Path(said.splitlines()[-1])


def gguf_file(shape, root, form):
    """The GGUF file of one form, made unless it is there."""
    if shape.published:
        return published_file(shape, root)
    path = pathlib.Path(root) / f"{shape.name}-{form}.gguf"
    if not path.exists():
        part = path.with_suffix(".part")
        if form in MIXES:
            mix(gguf_file(shape, root, "f16"), part, MIXES[form])
        else:
            write(load_file(folder(shape, root) / "model.safetensors"), shape, part, *FORMATS[form])
        part.rename(path)
    return path


def write(tensors, shape, path, quantization, file_type):
    """Writes a GGUF file with all matrices in one type."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.intermediate)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rotary_base)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("none")
    writer.add_file_type(file_type)
    for name, in_file, heads in tensor_names(shape):
        numbers = tensors[name].to(torch.float32).numpy()
        if numbers.ndim == 1:
            writer.add_tensor(in_file, numbers)
            continue
        if heads:
            # GGUF keeps the two halves of a rotated pair side by side.
            numbers = numbers.reshape(heads, 2, shape.head // 2, -1).swapaxes(1, 2).reshape(numbers.shape)
        writer.add_tensor(in_file, gguf.quantize(np.ascontiguousarray(numbers), quantization), raw_dtype=quantization)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def mix(source, target, file_type):
    """Has llama.cpp write a file in one of its mixes of types."""
    import llama_cpp

    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = int(file_type), os.cpu_count()
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)) != 0:
        raise SystemExit(f"llama.cpp could not make {target}")


def gguf_bytes(path):
    """Bytes of the matrices of a GGUF file that a token is multiplied with."""
    tensors = [t for t in gguf.GGUFReader(path).tensors if len(t.shape) == 2]
    if any(t.name == "output.weight" for t in tensors):
        tensors = [t for t in tensors if t.name != "token_embd.weight"]
    return sum(int(t.n_bytes) for t in tensors)


# What OpenVINO's exporter calls forms.
OPENVINO_FORMATS = {"f16": "fp16", "int8": "int8", "int4": "int4"}
# So many numbers of a row share a scale in 4 bits, where they make up the row.
OPENVINO_GROUP = 128


def openvino_python():
    """The interpreter with OpenVINO, whose packages do not go with those of the other peers."""
    python = os.environ.get("OPENVINO_PYTHON")
    if not python:
        python = subprocess.run(
            [ROOT / "scripts/python", "--environment", "openvino", "openvino"], check=True, stdout=subprocess.PIPE,
            text=True).stdout.strip()
    return python


def openvino_folder(shape, root, form):
    """The folder that OpenVINO reads, exported unless it is there."""
    path = pathlib.Path(root) / f"{shape.name}-openvino-{form}"
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        exporter = pathlib.Path(openvino_python()).parent / "optimum-cli"
        group = ["--group-size", str(OPENVINO_GROUP // 2)] if form == "int4" and shape.hidden % OPENVINO_GROUP else []
        subprocess.run(
            [exporter, "export", "openvino", "-m", folder(shape, root), "--task", "text-generation-with-past",
             "--weight-format", OPENVINO_FORMATS[form], *group, "--disable-convert-tokenizer", part],
            check=True, stdout=sys.stderr)
        part.rename(path)
    return path


def openvino_bytes(shape, path, form):
    """Bytes of an exported model's weights, less an embedding that is only looked up."""
    looked_up = 0 if shape.tied else shape.vocabulary * shape.hidden * (2 if form == "f16" else 1)
    return (pathlib.Path(path) / "openvino_model.bin").stat().st_size - looked_up

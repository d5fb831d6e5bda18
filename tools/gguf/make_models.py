"""Makes Tests/EngineTests/Fixtures/gguf: the engine's random models as GGUF files, in the form in which llama.cpp's converter
writes them (names, order of rows, layout of fused products), so that the goldens of `cases.json` hold for them too.

    $(scripts/python tools) tools/gguf/make_models.py
"""

import json
import pathlib

import gguf
import numpy as np

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests/EngineTests/Fixtures"
OUTPUT = FIXTURES / "gguf"
# Cases of cases.json whose models are written; each file has the name of the case's weights, or this one.
CASES = {
    "llama, plain": None, "llama, llama3 in rope_scaling": "llama-llama3", "llama, bf16, sharded, derived head": None,
    "qwen2, plain": None, "falcon, multi-query": None, "falcon, new decoder": None, "falcon, new decoder, one norm": None,
    "mpt, plain": None, "mpt, six heads": None, "qwen3, plain": None, "smollm3, plain": None, "granite, plain": None,
    "granite, biases, segments": None, "phi3, window": None, "phi3, longrope, short": "phi3-longrope",
    "gemma2, plain": None, "gemma3, plain": None, "gemma3, scaled, segments": "gemma3-scaled",
}  # fmt: skip

LLAMA = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
FALCON = {
    "transformer.word_embeddings": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "ln_mlp": "attn_norm", "ln_attn": "attn_norm_2",
    "self_attention.query_key_value": "attn_qkv", "self_attention.dense": "attn_output",
    "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down",
}  # fmt: skip
MPT = {
    "transformer.wte": "token_embd", "transformer.norm_f": "output_norm", "norm_1": "attn_norm", "norm_2": "ffn_norm",
    "attn.Wqkv": "attn_qkv", "attn.out_proj": "attn_output", "ffn.up_proj": "ffn_up", "ffn.down_proj": "ffn_down",
}  # fmt: skip
QWEN3 = LLAMA | {"self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
PHI3 = LLAMA | {"self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up"}
GEMMA2 = LLAMA | {
    "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}  # fmt: skip
NAMES = {
    "llama": LLAMA, "qwen2": LLAMA, "qwen3": QWEN3, "smollm3": LLAMA, "granite": LLAMA, "phi3": PHI3, "gemma2": GEMMA2,
    "gemma3": GEMMA2 | QWEN3 | GEMMA2, "falcon": FALCON, "mpt": MPT,
}  # fmt: skip
# Families whose queries and keys the converter reorders, so that dimensions which turn together are neighbours.
NEIGHBOURS = ["llama", "smollm3", "granite"]


def tensors(weights):
    """Every tensor of the safetensors files, as (type, shape, rows of bytes)."""
    found = {}
    for path in sorted(FIXTURES.glob(f"{weights}*.safetensors")):
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        for name, entry in json.loads(data[8 : 8 + length]).items():
            if name != "__metadata__":
                begin, end = (8 + length + offset for offset in entry["data_offsets"])
                found[name] = (entry["dtype"], entry["shape"], np.frombuffer(data[begin:end], np.uint8))
    return found


def renamed(name, names):
    stem, kind = name.rsplit(".", 1)
    if stem in names:
        return f"{names[stem]}.{kind}"
    layer, rest = stem.split(".", 3)[2], stem.split(".", 3)[3]
    return f"blk.{layer}.{names[rest]}.{kind}"


def reordered(name, rows, family, config):
    """Rows as the converter writes them."""
    heads = config.get("num_attention_heads", 0)
    keys = config.get("num_key_value_heads", heads) if family != "falcon" else config.get("num_kv_heads", 1)
    if family in NEIGHBOURS and (".q_proj." in name or ".k_proj." in name):
        count = heads if ".q_proj." in name else keys
        return rows.reshape(count, 2, len(rows) // count // 2, -1).swapaxes(1, 2).reshape(len(rows), -1)
    if family == "falcon" and "query_key_value.weight" in name:
        keys = keys if config["new_decoder_architecture"] else 1
        size = config["hidden_size"] // heads
        groups = rows.reshape(keys, heads // keys + 2, size, -1)
        parts = [groups[:, :-2], groups[:, -2], groups[:, -1]]
        return np.concatenate([part.reshape(-1, rows.shape[1]) for part in parts])
    return rows


def write(case, path):
    config = case["config"]
    family = config["model_type"].removesuffix("_text")
    writer = gguf.GGUFWriter(path, family)
    found = tensors(case["weights"])
    heads = config.get("num_attention_heads", config.get("n_heads"))
    hidden = config.get("hidden_size", config.get("d_model"))
    writer.add_block_count(config.get("num_hidden_layers", config.get("n_layers")))
    writer.add_embedding_length(hidden)
    writer.add_head_count(heads)
    writer.add_context_length(config.get("max_position_embeddings", config.get("max_seq_len")))
    if family == "mpt":
        writer.add_feed_forward_length(4 * hidden)
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
        writer.add_max_alibi_bias(config["attn_config"]["alibi_bias_max"])
    elif family == "falcon":
        writer.add_feed_forward_length(config["ffn_hidden_size"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
        writer.add_head_count_kv(config["num_kv_heads"] if config["new_decoder_architecture"] else 1)
    else:
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_head_count_kv(config["num_key_value_heads"])
        writer.add_rope_freq_base(config.get("rope_theta", 10000.0))
        if "head_dim" in config:
            writer.add_key_length(config["head_dim"])
            writer.add_value_length(config["head_dim"])
    if config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
    if family == "granite":
        writer.add_attention_scale(config["attention_multiplier"])
        writer.add_embedding_scale(config["embedding_multiplier"])
        writer.add_residual_scale(config["residual_multiplier"])
        writer.add_logit_scale(config["logits_scaling"])
    if family == "gemma2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    scaling = config.get("rope_scaling")
    if scaling and family == "phi3":
        size = config["head_dim"]
        original = config["original_max_position_embeddings"]
        ratio = config["max_position_embeddings"] / original
        writer.add_rope_dimension_count(int(size * config["partial_rotary_factor"]))
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors((1 + np.log(ratio) / np.log(original)) ** 0.5)
        for length in ["long", "short"]:
            writer.add_tensor(f"rope_factors_{length}.weight", np.array(scaling[f"{length}_factor"], np.float32))
    elif scaling and family == "gemma3":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])
    elif scaling:  # llama3's, as factors that frequencies are divided by
        size = config.get("head_dim", hidden // heads)
        factors = []
        for pair in range(size // 2):
            wave = 2 * np.pi * config["rope_theta"] ** (2 * pair / size)
            low = scaling["original_max_position_embeddings"] / scaling["low_freq_factor"]
            high = scaling["original_max_position_embeddings"] / scaling["high_freq_factor"]
            smooth = (scaling["original_max_position_embeddings"] / wave - scaling["low_freq_factor"]) / (
                scaling["high_freq_factor"] - scaling["low_freq_factor"]
            )
            blended = 1 / ((1 - smooth) / scaling["factor"] + smooth)
            factors.append(1.0 if wave < high else scaling["factor"] if wave > low else blended)
        writer.add_tensor("rope_freqs.weight", np.array(factors, np.float32))
    for name, (kind, shape, data) in found.items():
        if name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        rows = data.reshape(shape[0], -1)
        if len(shape) == 1:  # the converter keeps vectors in single precision
            values = {"F32": lambda: data.view(np.float32), "F16": lambda: data.view(np.float16).astype(np.float32)}
            bfloat = lambda: (data.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
            vector = values.get(kind, bfloat)()
            if family in NEIGHBOURS and (".q_proj." in name or ".k_proj." in name):
                vector = reordered(name, vector[:, None], family, config)[:, 0]
            if family.startswith("gemma"):  # norms, which the file has whole
                vector = vector + 1
            writer.add_tensor(renamed(name, NAMES[family]), np.ascontiguousarray(vector))
            continue
        rows = np.ascontiguousarray(reordered(name, rows, family, config))
        if kind == "BF16":
            writer.add_tensor(renamed(name, NAMES[family]), rows, raw_dtype=gguf.GGMLQuantizationType.BF16)
        else:
            writer.add_tensor(renamed(name, NAMES[family]), rows.view(np.float32 if kind == "F32" else np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_blocks(path):
    """A random model whose matrices have types of a few bits, mixed as in published files."""
    hidden, middle, layers, vocabulary, heads = 128, 192, 2, 300, 4
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(layers)
    writer.add_embedding_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads // 2)
    writer.add_context_length(512)
    writer.add_feed_forward_length(middle)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)

    def matrix(name, outputs, inputs, kind):
        kind = gguf.GGMLQuantizationType[kind]
        numbers = (random.standard_normal((outputs, inputs)) * inputs**-0.5).astype(np.float32)
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(numbers, kind), raw_dtype=kind)

    def norm(name):
        writer.add_tensor(f"{name}.weight", random.uniform(0.8, 1.2, hidden).astype(np.float32))

    matrix("token_embd", vocabulary, hidden, "Q8_0")
    matrix("output", vocabulary, hidden, "Q4_1")
    norm("output_norm")
    for layer in (f"blk.{index}" for index in range(layers)):
        norm(f"{layer}.attn_norm")
        norm(f"{layer}.ffn_norm")
        matrix(f"{layer}.attn_q", hidden, hidden, "Q4_0")
        matrix(f"{layer}.attn_k", hidden // 2, hidden, "Q8_0")
        matrix(f"{layer}.attn_v", hidden // 2, hidden, "Q5_0")
        matrix(f"{layer}.attn_output", hidden, hidden, "Q4_1")
        matrix(f"{layer}.ffn_gate", middle, hidden, "Q4_0")
        matrix(f"{layer}.ffn_up", middle, hidden, "Q5_1")
        matrix(f"{layer}.ffn_down", hidden, middle, "Q8_0")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    OUTPUT.mkdir(exist_ok=True)
    write_blocks(OUTPUT / "llama-blocks.gguf")
    for case in json.loads((FIXTURES / "cases.json").read_text()):
        if case["name"] in CASES:
            write(case, OUTPUT / f"{CASES[case['name']] or case['weights']}.gguf")


main()

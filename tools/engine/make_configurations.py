"""Makes Tests/EngineTests/Fixtures/configurations.json: what `transformers` makes of `config.json`, field by field.

    $(scripts/python tools) tools/engine/make_configurations.py

For each family there is one configuration of small sizes. Each case changes one field of it: left out, null, 0, a value of
another kind, or what published models have there. The golden values are those of the family's configuration class, and the
frequencies of its rotary embedding; `null` stands for a configuration that the class or the model refuses.
"""

import copy
import json
import logging
import math
import pathlib
import tempfile
import warnings

import torch
import transformers
from transformers.models.falcon.modeling_falcon import FalconRotaryEmbedding
from transformers.models.gemma3.modeling_gemma3 import Gemma3RotaryEmbedding
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding
from transformers.models.phi3.modeling_phi3 import Phi3RotaryEmbedding

FIXTURE = pathlib.Path(__file__).parents[2] / "Tests/EngineTests/Fixtures/configurations.json"
ABSENT = object()
UNSUPPORTED = object()  # what the engine has no kernels for

SIZE = [ABSENT, None, 0, 8, "8"]
FLAG = [ABSENT, None, True, False, 1]
EPSILON = [ABSENT, None, 1e-6, math.nan, math.inf]
EOS = [None, 2, [2, 3], "2"]
SCALINGS = [
    ABSENT, None, {}, {"type": "default"}, {"rope_type": "linear", "factor": 4.0}, {"type": "linear", "factor": 2},
    {"type": "dynamic", "factor": 2.0},
    {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
     "original_max_position_embeddings": 128},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512},
    {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
    {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128, "attention_factor": None, "beta_fast": 0,
     "beta_slow": None, "mscale": 0},
    {"type": "yarn", "factor": None, "original_max_position_embeddings": 128, "mscale": 1.0, "mscale_all_dim": 0.5},
    {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128, "truncate": False, "rope_theta": 500.0},
    {"rope_type": "default", "rope_theta": 1000000.0}, {"rope_theta": 2000.0},
]  # fmt: skip
IGNORED = {"initializer_range": [math.inf, math.nan, -math.inf], "unknown": [None, math.nan, {"a": [math.inf]}]}

GATED = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "hidden_act": "silu", "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0, "tie_word_embeddings": False, "eos_token_id": 2,
}  # fmt: skip
GATED_CHANGES = {
    "vocab_size": SIZE, "hidden_size": SIZE, "intermediate_size": SIZE, "num_hidden_layers": SIZE,
    "num_attention_heads": SIZE, "num_key_value_heads": [ABSENT, None, 1, 4], "head_dim": [ABSENT, None, 16],
    "hidden_act": [ABSENT, "gelu", "relu", "gelu_pytorch_tanh"], "max_position_embeddings": [ABSENT, None, 0, 128, 4096],
    "rms_norm_eps": EPSILON, "rope_theta": [ABSENT, 1000000, 500.5], "rope_scaling": SCALINGS,
    "rope_parameters": SCALINGS, "tie_word_embeddings": FLAG, "eos_token_id": EOS,
}  # fmt: skip
GEMMA = {key: value for key, value in GATED.items() if key not in ("hidden_act", "rope_theta")} | {
    "head_dim": 8, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 64, "sliding_window": 16,
    "tie_word_embeddings": True, "pad_token_id": 0,
}  # fmt: skip
GEMMA_CHANGES = {
    key: value for key, value in GATED_CHANGES.items() if not key.startswith("rope_") and key != "hidden_act"
} | {
    "hidden_activation": [ABSENT, "gelu", "silu"], "head_dim": [ABSENT, None, 16], "attention_bias": FLAG,
    "query_pre_attn_scalar": [ABSENT, 16], "final_logit_softcapping": [ABSENT, None, 20.0],
    "sliding_window": [ABSENT, 8], "num_key_value_heads": [ABSENT, 1, 4],
    "layer_types": [["full_attention", "sliding_attention"] * 2], "use_bidirectional_attention": [None, False],
}
FAMILIES = {
    "llama": (GATED, GATED_CHANGES | {"attention_bias": FLAG, "mlp_bias": FLAG}),
    "mistral": (GATED | {"sliding_window": 16}, GATED_CHANGES | {"sliding_window": [ABSENT, None, 8]}),
    "qwen2": (
        GATED | {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 2},
        GATED_CHANGES | {
            "use_sliding_window": FLAG, "sliding_window": [ABSENT, None, 8], "max_window_layers": [ABSENT, 0, 1, 4, 9],
            "layer_types": [None, ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]],
        },
    ),
    "qwen3": (
        GATED | {"head_dim": 8},
        GATED_CHANGES | {"attention_bias": FLAG, "head_dim": [ABSENT, None, 16], "use_sliding_window": FLAG,
                         "layer_types": [["full_attention", "sliding_attention"] * 2]},
    ),
    "smollm3": (
        GATED | {"pad_token_id": 0},
        GATED_CHANGES | {
            "attention_bias": FLAG, "mlp_bias": FLAG, "no_rope_layers": [None, [1, 0, 0, 1], [0, 0, 1, 1, 0]],
            "no_rope_layer_interval": [ABSENT, 0, 1, 2, 3], "use_sliding_window": FLAG, "sliding_window": [None, 8],
        },
    ),
    "granite": (
        GATED | {"embedding_multiplier": 12.0, "attention_multiplier": 0.25, "residual_multiplier": 0.22,
                 "logits_scaling": 8.0},
        GATED_CHANGES | {"attention_bias": FLAG, "mlp_bias": FLAG} | {
            key: [ABSENT, 2, 0.5, "1"] for key in
            ["embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"]},
    ),
    "phi3": (
        GATED | {"pad_token_id": 0, "original_max_position_embeddings": 256},
        {key: value for key, value in GATED_CHANGES.items() if not key.startswith("rope_")} | {
            "sliding_window": [ABSENT, None, 8], "partial_rotary_factor": [ABSENT, 0.5, 1.0], "rope_theta": [500.5],
            "original_max_position_embeddings": [ABSENT, 128],
            "rope_scaling": [
                ABSENT, None, {"type": "default"},
                {"type": "longrope", "short_factor": [1.0, 1.5, 2.0, 2.5], "long_factor": [2.0, 4.0, 6.0, 8.0]},
                {"type": "yarn", "short_factor": [1.0, 1.5, 2.0, 2.5], "long_factor": [2.0, 4.0, 6.0, 8.0],
                 "original_max_position_embeddings": 256},
                {"type": "longrope", "short_factor": [1.0, 1.5, 2.0, 2.5], "long_factor": [2.0, 4.0, 6.0, 8.0],
                 "attention_factor": 1.25, "original_max_position_embeddings": 64},
                {"type": "longrope", "short_factor": [1.0, 1.5], "long_factor": [2.0, 4.0]},
                {"type": "longrope", "short_factor": [1.0, 1.5, 2.0, 2.5]}, {"type": "linear", "factor": 2.0},
            ],
        },
    ),
    "gemma2": (
        GEMMA | {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0},
        GEMMA_CHANGES | {"rope_scaling": SCALINGS, "rope_theta": [ABSENT, 500.5],
                         "attn_logit_softcapping": [ABSENT, None, 20.0]},
    ),
    "gemma3_text": (
        GEMMA,
        GEMMA_CHANGES | {
            "rope_theta": [ABSENT, 500.5], "rope_local_base_freq": [ABSENT, 300.5],
            "rope_scaling": [None, {"rope_type": "linear", "factor": 8.0}, {"type": "default"}],
            "rope_parameters": [
                None, {"full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 700.0}},
                {"full_attention": {"rope_type": "default", "rope_theta": 700.0},
                 "sliding_attention": {"rope_type": "default", "rope_theta": 70.0}},
            ],
            "sliding_window_pattern": [ABSENT, 1, 2],
        },
    ),
    "falcon": (
        {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_hidden_size": 48,
         "layer_norm_epsilon": 1e-5, "alibi": False, "bias": False, "multi_query": True,
         "new_decoder_architecture": False, "parallel_attn": True, "max_position_embeddings": 512, "eos_token_id": 2},
        {"vocab_size": SIZE, "hidden_size": SIZE, "n_embed": [None, 64], "num_hidden_layers": SIZE,
         "num_attention_heads": SIZE, "ffn_hidden_size": [ABSENT, None, 64], "layer_norm_epsilon": [ABSENT, 1e-6],
         "alibi": FLAG, "bias": FLAG, "multi_query": FLAG, "new_decoder_architecture": [ABSENT, None, False, True],
         "parallel_attn": FLAG, "max_position_embeddings": [ABSENT, None, 128], "rope_theta": [500.5],
         "rope_scaling": SCALINGS, "tie_word_embeddings": FLAG, "eos_token_id": EOS, "num_kv_heads": [None, 4]},
    ),
    "mpt": (
        {"vocab_size": 64, "d_model": 32, "n_heads": 4, "n_layers": 2, "expansion_ratio": 4, "max_seq_len": 512,
         "attn_config": {"alibi": True, "alibi_bias_max": 8, "attn_impl": "triton", "attn_pdrop": 0,
                         "attn_type": "multihead_attention", "attn_uses_sequence_id": False, "clip_qkv": None,
                         "prefix_lm": False, "qk_ln": False, "softmax_scale": None},
         "emb_pdrop": 0, "embedding_fraction": 1.0, "init_device": "cpu", "learned_pos_emb": True, "logit_scale": None,
         "init_config": {"emb_init_std": None, "emb_init_uniform_lim": None, "name": "kaiming_normal_", "verbose": 0},
         "no_bias": True, "norm_type": "low_precision_layernorm", "resid_pdrop": 0, "use_cache": False, "verbose": 0},
        {"vocab_size": SIZE, "d_model": SIZE, "n_heads": SIZE, "n_layers": SIZE, "expansion_ratio": [ABSENT, 2],
         "max_seq_len": [ABSENT, None, 2048], "layer_norm_epsilon": EPSILON, "tie_word_embeddings": FLAG,
         "eos_token_id": EOS,
         "attn_config": [ABSENT, None, {}, {"clip_qkv": 6.0}, {"clip_qkv": 0.0}, {"clip_qkv": math.inf},
                         {"softmax_scale": 0.5}]},
    ),
}  # fmt: skip

# Refused by this version's type checks, though the classes say what such a null means.
LENIENT = [("mistral", "num_key_value_heads", None), ("qwen2", "head_dim", None)]
# Refused where the model is made, by an arithmetic on nothing; other families take it for an absent one.
LENIENT += [(family, "head_dim", None) for family in ["smollm3", "granite", "phi3"]]


def rotary(config):
    """Every set of frequencies that the model has."""
    if config.model_type == "mpt" or getattr(config, "alibi", False):
        return []
    if config.model_type == "gemma3_text":
        sets = []
        for kind in ["full_attention", "sliding_attention"]:
            one = copy.copy(config)
            one.layer_types = [kind]
            embedding = Gemma3RotaryEmbedding(one)
            sets.append((getattr(embedding, f"{kind}_inv_freq"), getattr(embedding, f"{kind}_attention_scaling")))
        return [{"radians": radians.tolist(), "amplitude": amplitude} for radians, amplitude in sets]
    kinds = {"falcon": FalconRotaryEmbedding, "phi3": Phi3RotaryEmbedding}
    embedding = kinds.get(config.model_type, LlamaRotaryEmbedding)(config)
    return [{"radians": embedding.inv_freq.tolist(), "amplitude": embedding.attention_scaling}]


def rotations(config):
    """For each layer the index of its frequencies, `None` where nothing turns."""
    layers = getattr(config, "num_hidden_layers", None) or config.n_layers
    if not rotary(config):
        return [None] * layers
    if config.model_type == "gemma3_text":
        return [int(kind == "sliding_attention") for kind in config.layer_types]
    if config.model_type == "smollm3":
        return [0 if config.no_rope_layers[layer] else None for layer in range(layers)]
    return [0] * layers


def windows(config):
    window = getattr(config, "sliding_window", None)
    if config.model_type == "smollm3" and not config.use_sliding_window:
        window = None
    if getattr(config, "layer_types", None):
        return [window if kind == "sliding_attention" else None for kind in config.layer_types]
    return [window] * config.num_hidden_layers


def key_value_heads(config):
    if config.model_type == "mpt":
        return config.n_heads
    if config.model_type != "falcon":
        return config.num_key_value_heads
    if config.new_decoder_architecture:
        return config.num_kv_heads
    return 1 if config.multi_query else config.num_attention_heads


def scales(config):
    """Factors on embedding, residual stream and logits, bounds of scores and logits."""
    is_gemma = config.model_type.startswith("gemma")
    get = lambda name, default: getattr(config, name, default)
    return {
        "embedding": config.hidden_size**0.5 if is_gemma else get("embedding_multiplier", 1),
        "residual": get("residual_multiplier", 1), "logits": 1 / get("logits_scaling", 1),
        "attentionCap": get("attn_logit_softcapping", None) if config.model_type == "gemma2" else None,
        "logitCap": get("final_logit_softcapping", None),
    }  # fmt: skip


def resolved(text):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "config.json").write_text(text)
        config = transformers.AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        transformers.AutoModelForCausalLM.from_config(config)
    is_mpt = config.model_type == "mpt"
    get = lambda *names: next(getattr(config, name) for name in names if hasattr(config, name))
    hidden, heads = get("hidden_size"), get("num_attention_heads")
    epsilon = get("rms_norm_eps", "layer_norm_epsilon")
    inner = config.expansion_ratio * hidden if is_mpt else get("intermediate_size", "ffn_hidden_size")
    context = get("max_position_embeddings", "max_seq_len")
    if min(config.vocab_size, hidden, heads, get("num_hidden_layers"), inner, context) < 1 or not math.isfinite(epsilon):
        raise ValueError("computes nothing")
    head = getattr(config, "head_dim", None) or hidden // heads
    if head % 2 or head > 256 or heads % key_value_heads(config):
        return UNSUPPORTED
    scale = config.attn_config.softmax_scale if is_mpt else getattr(config, "attention_multiplier", None)
    if hasattr(config, "query_pre_attn_scalar"):
        scale = config.query_pre_attn_scalar**-0.5
    clip = config.attn_config.clip_qkv if is_mpt else None
    eos = config.eos_token_id
    return {
        "vocabulary": config.vocab_size, "hidden": hidden, "heads": heads, "layers": get("num_hidden_layers"),
        "intermediate": inner,
        "keyValueHeads": key_value_heads(config), "head": head, "epsilon": epsilon,
        "context": context, "isTied": config.tie_word_embeddings,
        "activation": "gelu" if is_mpt else get("hidden_act", "hidden_activation", "activation"),
        "windows": windows(config), "eos": [eos] if isinstance(eos, int) else eos, "rotary": rotary(config),
        "rotations": rotations(config), "scales": scales(config),
        "scale": scale if scale is not None else 1 / math.sqrt(head),
        "bound": clip if clip and math.isfinite(clip) else None,
    }  # fmt: skip


def main():
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    lines = []
    for family, (base, changes) in FAMILIES.items():
        for key, values in ({None: [None]} | changes | IGNORED).items():
            for value in values:
                config = {"model_type": family} | base
                if value is ABSENT:
                    config.pop(key, None)
                elif key is not None:
                    config[key] = value
                if key == "rope_parameters" and value is not ABSENT:
                    config.pop("rope_theta", None)
                text = json.dumps(config)
                try:
                    golden = resolved(text)
                except Exception:
                    golden = None
                if golden is UNSUPPORTED or golden is None and (key in IGNORED or (family, key, value) in LENIENT):
                    continue
                name = family if key is None else f"{family}: {key} {'absent' if value is ABSENT else json.dumps(value)}"
                lines.append(json.dumps({"name": name, "config": text, "resolved": golden}))
    FIXTURE.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "cases,", sum('"resolved": null' in line for line in lines), "refused")


if __name__ == "__main__":
    main()

"""A decoder-only transformer in numpy and double precision, for what `transformers` cannot express.

It takes a position and a set of seen tokens for each token, so ALiBi models can be given gaps between positions. It
shares no code with the engine, and `make_fixtures.py` holds it to `transformers` wherever both apply.
"""

import math

import numpy as np


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return scores / scores.sum(axis=-1, keepdims=True)


def layer_norm(x, weight, bias, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    normalized = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon) * weight
    return normalized if bias is None else normalized + bias


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def falcon_slopes(heads):
    """Powers of 2^(-8/n) for the largest power of two n, then odd powers of its root, rounded to bf16."""
    closest = 2 ** math.floor(math.log2(heads))
    base = 2 ** (-(2 ** -(math.log2(closest) - 3)))
    slopes = [base**power for power in range(1, closest + 1)]
    if closest != heads:
        extra = 2 ** (-(2 ** -(math.log2(2 * closest) - 3)))
        slopes += [extra**power for power in range(1, 2 * (heads - closest), 2)]
    bits = np.array(slopes, dtype=np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


def mpt_slopes(heads, greatest):
    count = 2 ** math.ceil(math.log2(heads))
    slopes = [1 / 2 ** (i * greatest / count) for i in range(1, count + 1)]
    if count != heads:
        slopes = (slopes[1::2] + slopes[::2])[:heads]
    return np.array(slopes)


def attention(query, key, value, positions, seen, slopes, scale):
    """query (heads, tokens, d); key, value (kv heads, tokens, d); slopes apply to scaled scores."""
    group = query.shape[0] // key.shape[0]
    key, value = np.repeat(key, group, axis=0), np.repeat(value, group, axis=0)
    scores = query @ key.transpose(0, 2, 1) * scale
    scores += slopes[:, None, None] * (positions[None, :] - positions[:, None])[None]
    return softmax(np.where(seen[None], scores, -np.inf)) @ value


def merge(x):
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def split(x, heads):
    return x.reshape(x.shape[0], heads, -1).transpose(1, 0, 2)


def falcon(config, weights, tokens, positions, seen):
    """Falcon with ALiBi, a key and a value for each head or one for all, sequential or parallel residual."""
    heads, epsilon = config["num_attention_heads"], config["layer_norm_epsilon"]
    width = config["hidden_size"] // heads
    scale = 1 / math.sqrt(width)

    def linear(x, name):
        return x @ weights[name + ".weight"].T + (weights[name + ".bias"] if config["bias"] else 0)

    x = weights["transformer.word_embeddings.weight"][tokens]
    for i in range(config["num_hidden_layers"]):
        prefix = f"transformer.h.{i}."

        def norm(x, name):
            return layer_norm(x, weights[prefix + name + ".weight"], weights[prefix + name + ".bias"], epsilon)

        normalized = norm(x, "input_layernorm")
        fused = linear(normalized, prefix + "self_attention.query_key_value")
        if config["multi_query"]:
            fused = split(fused, heads + 2)
            query, key, value = fused[:heads], fused[heads : heads + 1], fused[heads + 1 :]
        else:
            fused = fused.reshape(len(tokens), heads, 3, width).transpose(2, 1, 0, 3)
            query, key, value = fused
        attended = attention(query, key, value, positions, seen, falcon_slopes(heads) * scale, scale)
        attended = linear(merge(attended), prefix + "self_attention.dense")
        if config["parallel_attn"]:
            inner = normalized
        else:
            x = x + attended
            attended = 0
            inner = norm(x, "post_attention_layernorm")
        inner = gelu(linear(inner, prefix + "mlp.dense_h_to_4h"))
        x = x + attended + linear(inner, prefix + "mlp.dense_4h_to_h")
    x = layer_norm(x, weights["transformer.ln_f.weight"], weights["transformer.ln_f.bias"], epsilon)
    return x @ weights["transformer.word_embeddings.weight"].T


def mpt(config, weights, tokens, positions, seen):
    heads, epsilon = config["n_heads"], config["layer_norm_epsilon"]
    attn = config["attn_config"]
    slopes = mpt_slopes(heads, attn["alibi_bias_max"])
    scale = attn.get("softmax_scale") or 1 / math.sqrt(config["d_model"] / heads)
    x = weights["transformer.wte.weight"][tokens]
    for i in range(config["n_layers"]):
        layer = {k.removeprefix(f"transformer.blocks.{i}."): v for k, v in weights.items()}
        fused = layer_norm(x, layer["norm_1.weight"], None, epsilon) @ layer["attn.Wqkv.weight"].T
        if attn.get("clip_qkv"):
            fused = fused.clip(-attn["clip_qkv"], attn["clip_qkv"])
        query, key, value = (split(part, heads) for part in np.split(fused, 3, axis=1))
        attended = merge(attention(query, key, value, positions, seen, slopes, scale))
        x = x + attended @ layer["attn.out_proj.weight"].T
        inner = layer_norm(x, layer["norm_2.weight"], None, epsilon) @ layer["ffn.up_proj.weight"].T
        x = x + gelu(inner) @ layer["ffn.down_proj.weight"].T
    x = layer_norm(x, weights["transformer.norm_f.weight"], None, epsilon)
    return x @ weights["transformer.wte.weight"].T

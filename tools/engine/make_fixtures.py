"""Makes the small random models and golden log-probabilities of Tests/EngineTests/Fixtures.

    $(scripts/python tools) tools/engine/make_fixtures.py

A case is a configuration, as it would stand in `config.json`, a weight file, and a scene: segments encoded apart, each
in a context of its own, and new tokens that see them all. The golden numbers come from one pass of `transformers` over
all tokens, with explicit position IDs and a 4D mask that lets each token see what the scene says; for ALiBi models with
gaps between positions, which `transformers` cannot express, from `reference.py`.
"""

import json
import pathlib
import tempfile

import numpy as np
import reference
import safetensors.torch
import torch
import transformers

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests/EngineTests/Fixtures"
VOCABULARY = 64
BOS = 1

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": VOCABULARY, "hidden_size": 32,
    "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 16, "hidden_act": "silu", "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
FALCON = {
    "architectures": ["FalconForCausalLM"], "model_type": "falcon", "vocab_size": VOCABULARY, "hidden_size": 32,
    "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_hidden_size": 48, "layer_norm_epsilon": 1e-5,
    "alibi": False, "bias": False, "multi_query": True, "new_decoder_architecture": False, "parallel_attn": True,
    "max_position_embeddings": 4096, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
MPT = {
    "architectures": ["MptForCausalLM"], "model_type": "mpt", "vocab_size": VOCABULARY, "d_model": 32, "n_heads": 4,
    "n_layers": 2, "expansion_ratio": 4, "max_seq_len": 512, "no_bias": True, "layer_norm_epsilon": 1e-5,
    "attn_config": {"alibi": True, "alibi_bias_max": 8, "attn_impl": "torch"},
}  # fmt: skip

RNG = np.random.default_rng(20240425)


def tokens(count):
    return [int(t) for t in RNG.integers(3, VOCABULARY, count)]


def plain_scene(count, start=0):
    """New tokens alone."""
    return {"segments": [], "tokens": [BOS] + tokens(count - 1), "positions": list(range(start, start + count))}


def scene(far=0, isolated_at=(), bos=True):
    """BOS and a system text, modules encoded apart (the last ones isolated), new tokens after a gap.

    `far` moves all but BOS and the system text by so many positions.
    """
    segments = []
    if bos:
        segments.append({"tokens": [BOS], "place": 0, "sees": []})
    start = 1 if bos else 0
    segments.append({"tokens": tokens(9), "place": start, "sees": list(range(len(segments)))})
    shared = list(range(len(segments)))
    segments.append({"tokens": tokens(21), "place": far + 12, "sees": shared})
    segments.append({"tokens": tokens(17), "place": far + 40, "sees": shared})
    end = far + 57
    for place in isolated_at:
        segments.append({"tokens": tokens(18), "place": place, "sees": [], "isolated": True, "bos": bos})
        end = max(end, place + 18)
    segments.append({"tokens": tokens(5), "place": end + 3, "sees": shared + [2]})
    # One new token in a gap between modules, the rest at the end.
    return {"segments": segments, "tokens": tokens(7), "positions": [far + 36] + list(range(end + 10, end + 16))}


def rows(scene, window):
    """All tokens of a scene with their positions, and which sees which."""
    all_tokens, positions, spans = [], [], []
    bos_of = {}

    def add(some, at):
        spans.append(range(len(all_tokens), len(all_tokens) + len(some)))
        all_tokens.extend(some)
        positions.extend(at)
        return spans[-1]

    places = []
    for segment in scene["segments"]:
        if segment.get("isolated") and segment["bos"]:
            bos_of[len(places)] = add([BOS], [segment["place"] - 1])
        place = segment["place"]
        places.append(add(segment["tokens"], range(place, place + len(segment["tokens"]))))
    new = add(scene["tokens"], scene["positions"])

    seen = np.zeros((len(all_tokens), len(all_tokens)), dtype=bool)

    def sees(readers, read):
        for i in readers:
            for j in read:
                seen[i, j] = positions[j] <= positions[i] and (window is None or positions[j] > positions[i] - window)

    for index, segment in enumerate(scene["segments"]):
        sees(places[index], places[index])
        for other in segment["sees"]:
            sees(places[index], places[other])
        if index in bos_of:
            sees(bos_of[index], bos_of[index])
            sees(places[index], bos_of[index])
    for read in places + [new]:
        sees(new, read)
    return all_tokens, positions, seen, new


def load(config, state):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "config.json").write_text(json.dumps(config))
        resolved = transformers.AutoConfig.from_pretrained(folder)
    # Eager Falcon of transformers 5.23 adds ALiBi's bias twice: to the scores and with the mask.
    attention = "sdpa" if config.get("alibi") else "eager"
    model = transformers.AutoModelForCausalLM.from_config(resolved, attn_implementation=attention).float().eval()
    if state is not None:
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not unexpected, unexpected
        assert all(name == "lm_head.weight" for name in missing), missing
        model.tie_weights()
    return model


def make_weights(name, config, dtype, scale=0.25, shards=1):
    """Random weights, wide enough that attention and logits are far from uniform."""
    generator = torch.Generator().manual_seed(len(name) * 7919 + sum(name.encode()))
    model = load(config, None)
    state = {}
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        is_norm = tensor.dim() == 1 and key.endswith("weight")
        state[key] = (1 + 0.2 * noise if is_norm else scale * noise).to(dtype).contiguous()
    if shards == 1:
        safetensors.torch.save_file(state, FIXTURES / f"{name}.safetensors", metadata={"format": "pt"})
    else:
        keys = sorted(state)
        parts = [keys[i::shards] for i in range(shards)]
        names = [f"{name}-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
        for part, file in zip(parts, names):
            safetensors.torch.save_file({k: state[k] for k in part}, FIXTURES / file, metadata={"format": "pt"})
        index = {
            "metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())},
            "weight_map": {k: file for part, file in zip(parts, names) for k in part},
        }
        (FIXTURES / f"{name}.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")
    return {key: tensor.float() for key, tensor in state.items()}


def by_transformers(config, state, all_tokens, positions, seen):
    model = load(config, state)
    mask = None
    if seen is not None:
        mask = torch.where(torch.tensor(seen), 0.0, torch.finfo(torch.float32).min)[None, None]
    given = {"attention_mask": mask, "use_cache": False}
    if config["model_type"] != "mpt":
        given["position_ids"] = torch.tensor([positions])
    with torch.no_grad():
        logits = model(torch.tensor([all_tokens]), **given).logits[0]
    return torch.log_softmax(logits.double(), dim=-1).numpy()


def by_reference(config, state, all_tokens, positions, seen):
    forward = {"falcon": reference.falcon, "mpt": reference.mpt}[config["model_type"]]
    weights = {key: tensor.double().numpy() for key, tensor in state.items()}
    logits = forward(config, weights, np.array(all_tokens), np.array(positions, dtype=np.float64), seen)
    return logits - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True)) - logits.max(
        -1, keepdims=True
    )


CASES = []


def case(name, weights, state, config, scene, window=None, source=by_transformers):
    all_tokens, positions, seen, new = rows(scene, window)
    contiguous = positions == list(range(len(positions)))
    if not scene["segments"] and contiguous and source is by_transformers:
        # Plain: the model's own causal mask.
        logprobs = by_transformers(config, state, all_tokens, positions, None)
        if config["model_type"] == "mpt" or config.get("alibi"):
            apart = np.abs(by_reference(config, state, all_tokens, positions, seen) - logprobs).max()
            assert apart < 5e-5, (name, apart)
    else:
        logprobs = source(config, state, all_tokens, positions, seen)
    kept = sorted({0, len(new) // 2, len(new) - 1})
    CASES.append(
        {
            "name": name, "weights": weights, "config": config, **scene, "rows": kept,
            "logprobs": [[round(float(v), 6) for v in logprobs[new[row]]] for row in kept],
        }  # fmt: skip
    )


def llama_cases():
    f32 = make_weights("llama-f32", LLAMA, torch.float32)
    case("llama, plain", "llama-f32", f32, LLAMA, plain_scene(33))
    case("llama, far positions", "llama-f32", f32, LLAMA, plain_scene(33, start=3000))
    case("llama, segments", "llama-f32", f32, LLAMA, scene())
    case("llama, isolated segments", "llama-f32", f32, LLAMA, scene(isolated_at=[70, 90, 500]))
    case("llama, isolated segments, no BOS", "llama-f32", f32, LLAMA, scene(isolated_at=[70, 90], bos=False))
    # Older files keep the scaling in `rope_scaling`, with `type`; newer ones in `rope_parameters`.
    scalings = {
        "linear": {"factor": 4.0},
        "dynamic": {"factor": 2.0},
        "llama3": {
            "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 512,
        },
        "yarn": {"factor": 4.0, "original_max_position_embeddings": 1024},
    }  # fmt: skip
    for kind, parameters in scalings.items():
        older = {**LLAMA, "rope_scaling": {("rope_type" if kind == "llama3" else "type"): kind, **parameters}}
        newer = {key: value for key, value in LLAMA.items() if key != "rope_theta"}
        newer["rope_parameters"] = {"rope_type": kind, "rope_theta": 5000.0, **parameters}
        case(f"llama, {kind} in rope_scaling", "llama-f32", f32, older, scene(far=2500, isolated_at=[2600]))
        case(f"llama, {kind} in rope_parameters", "llama-f32", f32, newer, plain_scene(20, start=3500))
    yarn = {
        "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 512, "beta_fast": 16, "beta_slow": 2,
        "mscale": 0.7, "mscale_all_dim": 1.3, "truncate": False,
    }  # fmt: skip
    case("llama, yarn in full", "llama-f32", f32, {**LLAMA, "rope_scaling": yarn}, scene(far=2500))
    yarn = {"rope_type": "yarn", "factor": 8.0, "attention_factor": 1.3}
    case("llama, yarn with its factor", "llama-f32", f32, {**LLAMA, "rope_scaling": yarn}, scene(far=2500))

    biased = {**LLAMA, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "rms_norm_eps": 1e-6}
    biased.update(num_key_value_heads=4, hidden_act="gelu_pytorch_tanh")
    state = make_weights("llama-biased-f16", biased, torch.float16)
    case("llama, f16, biases, tied", "llama-biased-f16", state, biased, plain_scene(33))
    case("llama, f16, biases, tied, segments", "llama-biased-f16", state, biased, scene(isolated_at=[200]))

    derived = {k: v for k, v in LLAMA.items() if k not in ("head_dim", "num_key_value_heads")}
    derived.update(num_hidden_layers=3, num_key_value_heads=1, hidden_size=64, num_attention_heads=2)
    state = make_weights("llama-sharded-bf16", derived, torch.bfloat16, scale=0.2, shards=3)
    case("llama, bf16, sharded, derived head", "llama-sharded-bf16", state, derived, plain_scene(33))
    case("llama, bf16, sharded, segments", "llama-sharded-bf16", state, derived, scene(isolated_at=[300]))

    mistral = {**LLAMA, "architectures": ["MistralForCausalLM"], "model_type": "mistral", "sliding_window": 12}
    case("mistral, window", "llama-f32", f32, mistral, plain_scene(40))
    case("mistral, window, segments", "llama-f32", f32, mistral, scene(isolated_at=[66]), window=12)
    case("mistral, no window", "llama-f32", f32, {**mistral, "sliding_window": None}, plain_scene(40))


def qwen2_cases():
    qwen2 = {**LLAMA, "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "num_key_value_heads": 2}
    del qwen2["head_dim"]
    qwen2.update(hidden_size=48, tie_word_embeddings=True, num_hidden_layers=3)
    state = make_weights("qwen2-bf16", qwen2, torch.bfloat16, scale=0.2)
    case("qwen2, plain", "qwen2-bf16", state, qwen2, plain_scene(33))
    case("qwen2, segments", "qwen2-bf16", state, qwen2, scene(isolated_at=[100, 400]))
    windowed = {**qwen2, "use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1}
    case("qwen2, window in upper layers", "qwen2-bf16", state, windowed, plain_scene(33))


def falcon_cases():
    first = make_weights("falcon-f16", FALCON, torch.float16)
    case("falcon, multi-query", "falcon-f16", first, FALCON, plain_scene(33))
    case("falcon, multi-query, segments", "falcon-f16", first, FALCON, scene(isolated_at=[90]))
    alibi = {**FALCON, "alibi": True}
    case("falcon, multi-query, ALiBi", "falcon-f16", first, alibi, plain_scene(33))
    case("falcon, multi-query, ALiBi, segments", "falcon-f16", first, alibi, scene(isolated_at=[90]), source=by_reference)

    new = {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2}
    state = make_weights("falcon-new-bf16", new, torch.bfloat16)
    case("falcon, new decoder", "falcon-new-bf16", state, new, plain_scene(33))
    case("falcon, new decoder, segments", "falcon-new-bf16", state, new, scene(isolated_at=[90]))
    one = {**new, "num_ln_in_parallel_attn": 1}
    state = make_weights("falcon-one-norm-bf16", one, torch.bfloat16)
    case("falcon, new decoder, one norm", "falcon-one-norm-bf16", state, one, plain_scene(33))

    # RefinedWeb's form; six heads, so that not all slopes are of the first series.
    rw = {**FALCON, "alibi": True, "bias": True, "multi_query": False, "parallel_attn": False}
    rw.update(num_attention_heads=6, hidden_size=48)
    state = make_weights("falcon-rw-f16", rw, torch.float16)
    case("falcon, RefinedWeb", "falcon-rw-f16", state, rw, plain_scene(33))
    case("falcon, RefinedWeb, segments", "falcon-rw-f16", state, rw, scene(isolated_at=[80]), source=by_reference)


def mpt_cases():
    state = make_weights("mpt-f16", MPT, torch.float16)
    case("mpt, plain", "mpt-f16", state, MPT, plain_scene(33))
    clipped = {**MPT, "n_heads": 2, "attn_config": {**MPT["attn_config"], "clip_qkv": 0.6, "softmax_scale": 0.4}}
    case("mpt, clipped", "mpt-f16", state, clipped, plain_scene(33))
    # `transformers` passes over `alibi_bias_max`; the published code does not.
    gentle = {**clipped, "attn_config": {**clipped["attn_config"], "alibi_bias_max": 4}}
    case("mpt, alibi_bias_max, segments", "mpt-f16", state, gentle, scene(isolated_at=[80]), source=by_reference)
    # Six heads: every second slope first.
    six = {**MPT, "n_heads": 6, "d_model": 48, "n_layers": 1}
    state = make_weights("mpt-six-bf16", six, torch.bfloat16)
    case("mpt, six heads", "mpt-six-bf16", state, six, plain_scene(33))


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for old in FIXTURES.glob("*"):
        old.unlink()
    llama_cases()
    qwen2_cases()
    falcon_cases()
    mpt_cases()
    lines = ",\n".join(json.dumps(entry) for entry in CASES)
    (FIXTURES / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(CASES)} cases, {sum(f.stat().st_size for f in FIXTURES.iterdir())} bytes")

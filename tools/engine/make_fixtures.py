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

RNG = np.random.default_rng(20240425)  # begun anew for each family, so that a new one changes no other


def begin(family):
    global RNG
    RNG = np.random.default_rng(sum(family.encode()))


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


def long_scene():
    """Segments of which a window sees the end alone: encoded in context and isolated, with a gap and without one."""
    sizes = [(9, 1, [0]), (75, 10, [0, 1]), (150, 100, [0, 1]), (61, 300, None), (40, 361, None), (33, 401, [0, 1, 2])]
    segments = [{"tokens": [BOS], "place": 0, "sees": []}]
    for count, place, sees in sizes:
        apart = {"isolated": True, "bos": True} if sees is None else {}
        segments.append({"tokens": tokens(count), "place": place, "sees": sees or [], **apart})
    # Right behind a segment, in a gap, and right behind the last one.
    return {"segments": segments, "tokens": tokens(9), "positions": [85, 86, 97] + list(range(434, 440))}


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
        centre = 0 if config["model_type"].startswith("gemma") else 1  # Gemma's are distances from 1
        state[key] = (centre + 0.2 * noise if is_norm else scale * noise).to(dtype).contiguous()
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


def bias(seen):
    return torch.where(torch.tensor(seen), 0.0, torch.finfo(torch.float32).min)[None, None]


def by_transformers(config, state, all_tokens, positions, seen):
    """`seen` is what each token sees, for layers with a window too if it is a pair; `None` for the model's own mask."""
    model = load(config, state)
    mask = None
    if isinstance(seen, tuple):
        mask = {"full_attention": bias(seen[0]), "sliding_attention": bias(seen[1])}
    elif seen is not None:
        mask = bias(seen)
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


def case(name, weights, state, config, scene, window=None, source=by_transformers, mixed=False):
    """`window` is that of all layers, or with `mixed` that of those which `transformers` gives a mask of their own."""
    all_tokens, positions, seen, new = rows(scene, window)
    if mixed:
        seen = (rows(scene, None)[2], seen)
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


def qwen3_cases():
    begin("qwen3")
    qwen3 = {**LLAMA, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "rope_theta": 1000000.0}
    state = make_weights("qwen3-bf16", qwen3, torch.bfloat16)
    case("qwen3, plain", "qwen3-bf16", state, qwen3, plain_scene(33))
    case("qwen3, segments", "qwen3-bf16", state, qwen3, scene(isolated_at=[100, 400]))
    windowed = {**qwen3, "use_sliding_window": True, "sliding_window": 9, "max_window_layers": 1}
    case("qwen3, window in upper layers", "qwen3-bf16", state, windowed, plain_scene(33))
    case("qwen3, window in upper layers, segments", "qwen3-bf16", state, windowed, scene(), window=9, mixed=True)


def smollm3_cases():
    begin("smollm3")
    smollm3 = {**LLAMA, "architectures": ["SmolLM3ForCausalLM"], "model_type": "smollm3", "rope_theta": 5000000.0}
    smollm3.update(num_hidden_layers=5, hidden_size=48, head_dim=None, num_attention_heads=4, tie_word_embeddings=True)
    smollm3.update(pad_token_id=0)
    del smollm3["head_dim"]
    state = make_weights("smollm3-bf16", smollm3, torch.bfloat16, scale=0.2)
    case("smollm3, plain", "smollm3-bf16", state, smollm3, plain_scene(33))
    case("smollm3, segments", "smollm3-bf16", state, smollm3, scene(isolated_at=[100, 400]))
    some = {**smollm3, "no_rope_layers": [0, 1, 0, 0, 1]}
    case("smollm3, layers named", "smollm3-bf16", state, some, scene(isolated_at=[90]))
    windowed = {**some, "use_sliding_window": True, "sliding_window": 11}
    case("smollm3, window where nothing rotates", "smollm3-bf16", state, windowed, scene(), window=11, mixed=True)


def granite_cases():
    begin("granite")
    granite = {**LLAMA, "architectures": ["GraniteForCausalLM"], "model_type": "granite", "hidden_size": 48}
    granite.update(head_dim=12, embedding_multiplier=12.0, attention_multiplier=0.4, residual_multiplier=0.22)
    granite.update(logits_scaling=0.5, tie_word_embeddings=True, num_hidden_layers=3)
    state = make_weights("granite-bf16", granite, torch.bfloat16)
    case("granite, plain", "granite-bf16", state, granite, plain_scene(33))
    case("granite, segments", "granite-bf16", state, granite, scene(isolated_at=[100, 400]))
    biased = {**granite, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": False}
    state = make_weights("granite-biased-f16", biased, torch.float16)
    case("granite, biases, segments", "granite-biased-f16", state, biased, scene(isolated_at=[70]))


def phi3_cases():
    begin("phi3")
    phi3 = {**LLAMA, "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "pad_token_id": 0}
    phi3.update(hidden_size=64, head_dim=16, original_max_position_embeddings=4096)
    state = make_weights("phi3-bf16", phi3, torch.bfloat16, scale=0.15)
    case("phi3, plain", "phi3-bf16", state, phi3, plain_scene(33))
    windowed = {**phi3, "sliding_window": 12}
    case("phi3, window", "phi3-bf16", state, windowed, plain_scene(40))
    case("phi3, window, segments", "phi3-bf16", state, windowed, scene(isolated_at=[66]), window=12)
    # As Phi-4-mini: three quarters of a head turn, by factors of their own.
    factors = {"short_factor": [1.0, 1.1, 1.3, 1.5, 2.0, 2.5], "long_factor": [1.0, 2.0, 4.0, 8.0, 16.0, 24.0]}
    partial = {**phi3, "partial_rotary_factor": 0.75, "original_max_position_embeddings": 1024}
    partial["rope_scaling"] = {"type": "longrope", **factors}
    case("phi3, longrope, short", "phi3-bf16", state, partial, scene(far=400, isolated_at=[700]))
    case("phi3, longrope, long", "phi3-bf16", state, partial, scene(far=2500, isolated_at=[2600]))
    older = {**partial, "rope_scaling": {"type": "su", "original_max_position_embeddings": 1024, **factors}}
    case("phi3, su, short", "phi3-bf16", state, older, plain_scene(33))


GEMMA = {
    "vocab_size": VOCABULARY, "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "hidden_activation": "gelu_pytorch_tanh",
    "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "query_pre_attn_scalar": 16, "sliding_window": 12,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip


def gemma_cases():
    begin("gemma")
    two = {**GEMMA, "architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2"}
    two.update(attn_logit_softcapping=4.0, final_logit_softcapping=6.0)
    state = make_weights("gemma2-bf16", two, torch.bfloat16)
    case("gemma2, plain", "gemma2-bf16", state, two, plain_scene(40))
    case("gemma2, segments", "gemma2-bf16", state, two, scene(isolated_at=[100, 400]), window=12, mixed=True)
    uncapped = {**two, "attn_logit_softcapping": None, "final_logit_softcapping": None, "query_pre_attn_scalar": 12}
    case("gemma2, no bounds", "gemma2-bf16", state, uncapped, plain_scene(40))

    three = {**GEMMA, "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "num_hidden_layers": 7}
    three.update(hidden_size=32, rope_theta=1000000.0, rope_local_base_freq=10000.0)
    state = make_weights("gemma3-bf16", three, torch.bfloat16)
    case("gemma3, plain", "gemma3-bf16", state, three, plain_scene(40))
    case("gemma3, segments", "gemma3-bf16", state, three, scene(isolated_at=[100, 400]), window=12, mixed=True)
    scaled = {**three, "rope_scaling": {"rope_type": "linear", "factor": 8.0}}
    case("gemma3, scaled, segments", "gemma3-bf16", state, scaled, scene(far=900), window=12, mixed=True)
    newer = {key: value for key, value in three.items() if key not in ("rope_theta", "rope_local_base_freq")}
    newer["rope_parameters"] = {
        "full_attention": {"rope_type": "linear", "rope_theta": 500000.0, "factor": 2.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 2000.0},
    }
    newer["query_pre_attn_scalar"] = 12
    newer["layer_types"] = ["sliding_attention", "full_attention", "full_attention"] * 2 + ["sliding_attention"]
    third = {**three, "sliding_window_pattern": 3}
    case("gemma3, every third layer sees all", "gemma3-bf16", state, third, scene(), window=12, mixed=True)
    case("gemma3, layers named", "gemma3-bf16", state, newer, scene(), window=12, mixed=True)


def window_cases():
    begin("window")
    mistral = {**LLAMA, "architectures": ["MistralForCausalLM"], "model_type": "mistral", "sliding_window": 20}
    two = {**GEMMA, "architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2"}
    two.update(attn_logit_softcapping=4.0, final_logit_softcapping=6.0)
    three = {**GEMMA, "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "num_hidden_layers": 7}
    three.update(hidden_size=32, rope_theta=1000000.0, rope_local_base_freq=10000.0)
    for name, weights, config in [
        ("mistral", "llama-f32", mistral), ("gemma2", "gemma2-bf16", two), ("gemma3", "gemma3-bf16", three),
    ]:  # fmt: skip
        stored = safetensors.torch.load_file(FIXTURES / f"{weights}.safetensors")
        state = {key: tensor.float() for key, tensor in stored.items()}
        mixed = name != "mistral"
        case(f"{name}, window, long segments", weights, state, config, long_scene(), config["sliding_window"], mixed=mixed)


if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for old in FIXTURES.glob("*.safetensors*"):
        old.unlink()
    llama_cases()
    qwen2_cases()
    falcon_cases()
    mpt_cases()
    qwen3_cases()
    smollm3_cases()
    granite_cases()
    phi3_cases()
    gemma_cases()
    window_cases()
    lines = ",\n".join(json.dumps(entry) for entry in CASES)
    (FIXTURES / "cases.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(CASES)} cases, {sum(f.stat().st_size for f in FIXTURES.iterdir())} bytes")

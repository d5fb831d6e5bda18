/// A family of models as GGUF files have it: what `general.architecture` calls it, and how it differs from the checkpoint
/// that it was converted from.
struct GGUFArchitecture: Sendable {
  /// `general.architecture`, and what keys begin with.
  let name: String
  /// The checkpoint's `architectures`.
  let family: String
  /// Names of tensors in the file by their names in a checkpoint, less `.weight` and `.bias`.
  let tensors: [String: String]
  /// The same for a layer's, less the prefix and the number.
  let layerTensors: [String: String]
  /// What precedes the number of a layer in a checkpoint.
  let layerPrefix: String
  /// Rows of queries and keys lie so that pairs of dimensions which turn together are neighbours, not halves of a head
  /// apart as `transformers` has them.
  var hasNeighbouringPairs = false
  /// Norms' weights are greater by one than the checkpoint's, which adds the one itself.
  var hasWholeNormWeights = false

  static let all: [GGUFArchitecture] = [
    llama("llama", "LlamaForCausalLM", hasNeighbouringPairs: true),
    llama("qwen2", "Qwen2ForCausalLM"),
    llama("qwen3", "Qwen3ForCausalLM"),
    llama("smollm3", "SmolLM3ForCausalLM", hasNeighbouringPairs: true),
    llama("granite", "GraniteForCausalLM", hasNeighbouringPairs: true),
    llama("phi3", "Phi3ForCausalLM"),
    gemma("gemma2", "Gemma2ForCausalLM"),
    gemma("gemma3", "Gemma3ForCausalLM"),
    GGUFArchitecture(
      name: "falcon", family: "FalconForCausalLM",
      tensors: [
        "transformer.word_embeddings": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output",
      ],
      layerTensors: [
        "input_layernorm": "attn_norm", "ln_mlp": "attn_norm", "ln_attn": "attn_norm_2",
        "self_attention.query_key_value": "attn_qkv", "self_attention.dense": "attn_output",
        "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down",
      ], layerPrefix: "transformer.h."),
    GGUFArchitecture(
      name: "mpt", family: "MptForCausalLM",
      tensors: ["transformer.wte": "token_embd", "transformer.norm_f": "output_norm", "lm_head": "output"],
      layerTensors: [
        "norm_1": "attn_norm", "norm_2": "ffn_norm", "attn.Wqkv": "attn_qkv", "attn.out_proj": "attn_output",
        "ffn.up_proj": "ffn_up", "ffn.down_proj": "ffn_down",
      ], layerPrefix: "transformer.blocks."),
  ]

  private static let llamaLayer = [
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "self_attn.qkv_proj": "attn_qkv",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
  ]

  private static func llama(_ name: String, _ family: String, hasNeighbouringPairs: Bool = false) -> GGUFArchitecture {
    GGUFArchitecture(
      name: name, family: family,
      tensors: ["model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"],
      layerTensors: llamaLayer, layerPrefix: "model.layers.", hasNeighbouringPairs: hasNeighbouringPairs)
  }

  private static func gemma(_ name: String, _ family: String) -> GGUFArchitecture {
    let norms = [
      "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
      "post_feedforward_layernorm": "post_ffw_norm",
    ]
    return GGUFArchitecture(
      name: name, family: family,
      tensors: ["model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"],
      layerTensors: llamaLayer.merging(norms) { $1 }, layerPrefix: "model.layers.", hasWholeNormWeights: true)
  }

  /// What the file calls the tensor that a checkpoint calls `tensor`; `nil` for one that it has no name for.
  func name(of tensor: String) -> String? {
    for kind in [".weight", ".bias"] where tensor.hasSuffix(kind) {
      let stem = String(tensor.dropLast(kind.count))
      if let name = tensors[stem] { return name + kind }
      guard stem.hasPrefix(layerPrefix) else { return nil }
      let rest = stem.dropFirst(layerPrefix.count)
      guard let dot = rest.firstIndex(of: "."), let name = layerTensors[String(rest[rest.index(after: dot)...])] else {
        return nil
      }
      return "blk.\(rest[..<dot]).\(name)\(kind)"
    }
    return nil
  }
}

internal import GGUF
internal import JSONText

extension GGUFModel {
  /// The family of the model.
  ///
  /// - Throws: `EngineError.unsupportedArchitecture`.
  func architecture() throws(EngineError) -> GGUFArchitecture {
    let name = try keys.text("general.architecture")
    guard let found = GGUFArchitecture.all.first(where: { $0.name == name }) else {
      throw .refusal(of: name.map { [$0] } ?? [], supported: GGUFArchitecture.all.map(\.name))
    }
    return found
  }

  /// What the file says about the model, as a checkpoint's `config.json` would say it, so that one reader serves both.
  func configuration(_ architecture: GGUFArchitecture) throws(EngineError) -> ConfigurationReader {
    let keys = keys
    let prefix = architecture.name
    var values: [String: JSONValue] = [:]
    func copy(_ key: String, to name: String) throws(EngineError) {
      values[name] = try keys.json("\(prefix).\(key)")
    }
    if try keys.integer("\(prefix).expert_count") ?? 0 > 0 {
      throw .mixtureOfExperts(architecture: prefix, supported: GGUFArchitecture.all.map(\.name))
    }
    for (key, names) in Self.sizes {
      for name in names { try copy(key, to: name) }
    }
    if let length = try keys.integer("\(prefix).attention.value_length"),
      let keyLength = try keys.integer("\(prefix).attention.key_length"), length != keyLength
    {
      throw .unsupportedOption(
        key: "\(prefix).attention.value_length", value: "\(length)", supported: ["that of the keys, \(keyLength)"])
    }
    guard let embedding = tensor("token_embd.weight"), embedding.shape.count == 2 else {
      throw .missingTensor(name: "token_embd.weight", location: location)
    }
    values["vocab_size"] = .integer(embedding.shape[0])
    values["tie_word_embeddings"] = .bool(tensor("output.weight") == nil)
    let hasProjectionBias = tensor("blk.0.attn_q.bias") ?? tensor("blk.0.attn_qkv.bias") != nil
    values["attention_bias"] = .bool(hasProjectionBias && tensor("blk.0.attn_output.bias") != nil)
    values["bias"] = .bool(hasProjectionBias)
    values["mlp_bias"] = .bool(tensor("blk.0.ffn_up.bias") != nil)
    values["eos_token_id"] = try endTokens()
    try addRotary(to: &values, prefix)
    try addFamily(to: &values, architecture)
    return ConfigurationReader(file: location, values: values)
  }

  /// Tokens that end an answer.
  private func endTokens() throws(EngineError) -> JSONValue? {
    var tokens: [Int32] = []
    for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
      guard let token = try keys.integer("tokenizer.ggml.\(key)"), let id = Int32(exactly: token), id >= 0 else {
        continue
      }
      if !tokens.contains(id) { tokens.append(id) }
    }
    return tokens.isEmpty ? nil : .integers(tokens)
  }

  /// The tensor with the file's own name for it.
  func tensor(_ name: String) -> GGUFTensor? { partOfTensor[name].flatMap { parts[$0].tensors[name] } }

  var keys: GGUFKeys { GGUFKeys(header: header, file: location) }

  /// Keys, less the architecture in front, and what configurations call their values.
  private static let sizes: [(String, [String])] = [
    ("embedding_length", ["hidden_size", "d_model"]), ("block_count", ["num_hidden_layers", "n_layers"]),
    ("feed_forward_length", ["intermediate_size", "ffn_hidden_size"]),
    ("attention.head_count", ["num_attention_heads", "n_heads"]),
    ("attention.head_count_kv", ["num_key_value_heads", "num_kv_heads"]), ("attention.key_length", ["head_dim"]),
    ("attention.layer_norm_rms_epsilon", ["rms_norm_eps"]), ("attention.layer_norm_epsilon", ["layer_norm_epsilon"]),
    ("context_length", ["max_position_embeddings", "max_seq_len"]), ("rope.freq_base", ["rope_theta"]),
    ("attention.sliding_window", ["sliding_window"]), ("embedding_scale", ["embedding_multiplier"]),
    ("residual_scale", ["residual_multiplier"]), ("attention.scale", ["attention_multiplier"]),
    ("logit_scale", ["logits_scaling"]), ("attn_logit_softcapping", ["attn_logit_softcapping"]),
    ("final_logit_softcapping", ["final_logit_softcapping"]), ("attention.clamp_kqv", ["clip_qkv"]),
    ("attention.max_alibi_bias", ["alibi_bias_max"]),
  ]

  private func addRotary(to values: inout [String: JSONValue], _ prefix: String) throws(EngineError) {
    let keys = keys
    if let rotated = try keys.integer("\(prefix).rope.dimension_count") {
      let heads = values["num_attention_heads"]?.wholeNumber ?? 0
      let head = values["head_dim"]?.wholeNumber ?? (values["hidden_size"]?.wholeNumber ?? 0) / max(heads, 1)
      if head > 0, rotated != head { values["partial_rotary_factor"] = .number(Double(rotated) / Double(head)) }
    }
    var scaling: [String: JSONValue] = [:]
    if let kind = try keys.text("\(prefix).rope.scaling.type"), kind != "none" {
      scaling["rope_type"] = .string(kind)
    } else if let factor = try keys.number("\(prefix).rope.scale_linear"), factor > 0, factor != 1 {
      scaling = ["rope_type": .string("linear"), "factor": .number(factor)]
    }
    for (tensor, name) in [
      ("rope_freqs.weight", RotaryConfiguration.factorsKey), ("rope_factors_long.weight", "long_factor"),
      ("rope_factors_short.weight", "short_factor"),
    ] {
      guard let factors = try smallVector(tensor) else { continue }
      scaling[name] = .array(factors.map { .number(Double($0)) })
      if scaling["rope_type"] == nil {
        scaling["rope_type"] = .string(
          name == RotaryConfiguration.factorsKey ? RotaryConfiguration.factorsType : "longrope")
      }
    }
    guard !scaling.isEmpty else { return }
    for (key, name) in [
      ("factor", "factor"), ("original_context_length", "original_max_position_embeddings"),
      ("attn_factor", "attention_factor"), ("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow"),
    ] {
      if let value = try keys.json("\(prefix).rope.scaling.\(key)") { scaling[name] = value }
    }
    values["rope_parameters"] = .object(scaling)
  }

  /// What a family's configuration says and no key does.
  private func addFamily(to values: inout [String: JSONValue], _ architecture: GGUFArchitecture) throws(EngineError) {
    switch architecture.name {
    case "falcon":
      let hasSecondNorm = tensor("blk.0.attn_norm_2.weight") != nil
      let keyValueHeads = values["num_kv_heads"]?.wholeNumber ?? 1
      values["new_decoder_architecture"] = .bool(hasSecondNorm || keyValueHeads > 1)
      values["num_ln_in_parallel_attn"] = .integer(hasSecondNorm ? 2 : 1)
      values["multi_query"] = .bool(keyValueHeads == 1)
      values["parallel_attn"] = .bool(true)
      values[FalconFamily.fusedInBlocksKey] = .bool(true)
    case "mpt":
      var attention: [String: JSONValue] = ["alibi": .bool(true)]
      for key in ["clip_qkv", "alibi_bias_max"] { attention[key] = values[key] }
      values["attn_config"] = .object(attention)
    case "phi3":
      // Files say it where a scaling is; the family counts it from 4,096 positions otherwise.
      values["original_max_position_embeddings"] = try keys.json("phi3.rope.scaling.original_context_length")
    case "gemma2", "gemma3":
      // No key has it: it is what a head has, but for the models of 27 billion parameters.
      let isLargest = values["num_hidden_layers"]?.wholeNumber == (architecture.name == "gemma2" ? 46 : 62)
      let (hidden, heads) = (values["hidden_size"]?.wholeNumber ?? 0, values["num_attention_heads"]?.wholeNumber ?? 0)
      if isLargest, heads > 0 {
        values["query_pre_attn_scalar"] = .number(Double(hidden / heads))
      } else {
        values["query_pre_attn_scalar"] = values["head_dim"]
      }
      if architecture.name == "gemma3" { values["rope_scaling"] = values.removeValue(forKey: "rope_parameters") }
      values["rope_local_base_freq"] = try keys.json("\(architecture.name).rope.freq_base_swa")
    default: break
    }
  }

  /// A vector of a few numbers that is part of the configuration.
  private func smallVector(_ name: String) throws(EngineError) -> [Float]? {
    guard let tensor = tensor(name), let part = partOfTensor[name] else { return nil }
    guard tensor.type == .f32, tensor.shape.count == 1, tensor.shape[0] <= 4096 else {
      throw .unsupportedElement(tensor: name, found: tensor.type.name, supported: ["F32"])
    }
    return WeightMatrix(
      file: parts[part].file, offset: tensor.bytes.lowerBound, element: .f32, rows: 1, columns: tensor.shape[0]
    ).row(0)
  }
}

/// Keys of a file, with errors that name it.
struct GGUFKeys {
  let header: GGUFHeader
  let file: String

  func text(_ key: String) throws(EngineError) -> String? {
    try wrapped { () throws(GGUFError) in try header.text(key) }
  }
  func integer(_ key: String) throws(EngineError) -> Int? {
    try wrapped { () throws(GGUFError) in try header.integer(key) }
  }
  func number(_ key: String) throws(EngineError) -> Double? {
    try wrapped { () throws(GGUFError) in try header.number(key) }
  }

  /// A value as JSON has it. A list with one number for each layer becomes that number, if it is always the same one.
  func json(_ key: String) throws(EngineError) -> JSONValue? {
    switch header.values[key] {
    case nil: return nil
    case .integer(let value)?: return .integer(value)
    case .number(let value)?: return .number(value)
    case .bool(let value)?: return .bool(value)
    case .integers(let values)?:
      guard let first = values.first, values.allSatisfy({ $0 == first }) else {
        throw .unsupportedOption(key: key, value: "\(values.prefix(8))", supported: ["the same for all layers"])
      }
      return .integer(first)
    case .some(let value):
      throw .malformedGGUF(file: file, .wrongValue(key: key, expected: "a number", found: value.kind))
    }
  }

  private func wrapped<T>(_ read: () throws(GGUFError) -> T) throws(EngineError) -> T {
    do throws(GGUFError) { return try read() } catch { throw .malformedGGUF(file: file, error) }
  }
}

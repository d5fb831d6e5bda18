/// The rotary part of `config.json`: `rope_parameters`, or `rope_scaling` beside `rope_theta`.
struct RotaryConfiguration {
  let base: Float
  let scaling: RotaryScaling
  /// Positions that the model can tell apart under this scaling.
  let contextLength: Int

  static let supportedTypes = ["default", "linear", "dynamic", "llama3", "yarn"]

  /// Reads and checks the parameters.
  ///
  /// - Throws: `EngineError.unsupportedOption` for an unknown type, `.malformedConfiguration` for missing or senseless
  ///   numbers.
  init(_ configuration: ConfigurationReader, contextLength: Int) throws(EngineError) {
    // `transformers` prefers `rope_scaling`, under which older checkpoints keep everything but the base.
    let (newer, older) = (try configuration.object("rope_parameters"), try configuration.object("rope_scaling"))
    let inner = older ?? newer
    /// A number that may stand inside or outside.
    func number(_ key: String) throws(EngineError) -> Double? {
      let outer = try configuration.number(key)
      return try inner?.number(key) ?? outer
    }
    let base = try number("rope_theta") ?? 10_000
    guard base > 1, base <= Double(Float.greatestFiniteMagnitude) else {
      throw .malformedConfiguration(file: configuration.file, reason: "`rope_theta` is \(base), not above 1")
    }
    if let key = inner?.objectKeys.first {
      throw .unsupportedOption(key: "rope_parameters", value: key, supported: ["the same ones for all layers"])
    }
    self.base = Float(base)
    let rotated = try number("partial_rotary_factor") ?? 1
    guard rotated == 1 else {
      throw .unsupportedOption(key: "partial_rotary_factor", value: "\(rotated)", supported: ["1.0"])
    }
    guard let inner else {
      scaling = .none
      self.contextLength = contextLength
      return
    }
    let outerContext = try configuration.number("original_max_position_embeddings")
    let innerContext = try inner.number("original_max_position_embeddings")
    let parameters = Parameters(
      reader: inner, contextLength: contextLength,
      originalContext: outerContext ?? innerContext ?? Double(contextLength))
    let (type, olderType) = (try inner.string("rope_type"), try inner.string("type"))
    let kind = type ?? olderType ?? "default"
    switch kind {
    case "default": scaling = .none
    case "dynamic":
      _ = try parameters.positive("factor")
      scaling = .none
    case "linear": scaling = .linear(factor: Float(try parameters.positive("factor")))
    case "llama3": scaling = .llama3(try parameters.llama3())
    case "yarn": scaling = .yarn(try parameters.yarn())
    default: throw .unsupportedOption(key: "rope_type", value: kind, supported: Self.supportedTypes)
    }
    self.contextLength =
      if case .yarn(let yarn) = scaling {
        try Self.contextLength(of: yarn, stated: configuration.isAbsent(Self.lengthKey) ? nil : contextLength)
      } else {
        contextLength
      }
  }

  private static let lengthKey = "max_position_embeddings"

  /// A model that YaRN stretches takes as many positions as `max_position_embeddings` says, or the original length times
  /// the factor if that was left as it was before the stretching.
  private static func contextLength(of yarn: RotaryScaling.YaRN, stated: Int?) throws(EngineError) -> Int {
    if let stated, Double(stated) != yarn.originalContext { return stated }
    let stretched = (yarn.originalContext * max(yarn.factor, 1)).rounded(.down)
    guard stretched <= Double(Int32.max) else {
      throw .malformedConfiguration(
        file: "config.json", reason: "the rotary scaling stretches the context to \(stretched) positions")
    }
    return max(Int(stretched), 1)
  }

  /// The angular frequencies of a head of this size.
  func frequencies(headDimension: Int) -> RotaryFrequencies {
    RotaryFrequencies(scaling: scaling, base: base, headDimension: headDimension)
  }
}

/// The parameters of one scaling.
private struct Parameters {
  let reader: ConfigurationReader
  let contextLength: Int
  let originalContext: Double

  func positive(_ key: String) throws(EngineError) -> Double {
    guard let number = try reader.number(key) else {
      throw .malformedConfiguration(file: reader.file, reason: "the rotary scaling lacks `\(key)`")
    }
    return try checked(number, key)
  }

  func positive(_ key: String, default standard: Double) throws(EngineError) -> Double {
    try checked(try reader.number(key) ?? standard, key)
  }

  /// A number whose absence, null and 0 all mean the default, as in `transformers`.
  func positive(_ key: String, orZero standard: Double) throws(EngineError) -> Double {
    let number = try reader.number(key)
    return try checked(number == nil || number == 0 ? standard : number ?? standard, key)
  }

  private func checked(_ number: Double, _ key: String) throws(EngineError) -> Double {
    guard number > 0 else {
      throw .malformedConfiguration(file: reader.file, reason: "`\(key)` is \(number), not above 0")
    }
    return number
  }

  func llama3() throws(EngineError) -> RotaryScaling.Llama3 {
    let low = try positive("low_freq_factor")
    let high = try positive("high_freq_factor")
    guard high != low else {
      throw .malformedConfiguration(
        file: reader.file, reason: "`low_freq_factor` and `high_freq_factor` are both \(low)")
    }
    return RotaryScaling.Llama3(
      factor: Float(try positive("factor")), lowFrequencyFactor: Float(low), highFrequencyFactor: Float(high),
      originalContext: Float(try checked(originalContext, "original_max_position_embeddings")))
  }

  func yarn() throws(EngineError) -> RotaryScaling.YaRN {
    let original = try checked(originalContext, "original_max_position_embeddings")
    let factor = try positive("factor", default: Double(contextLength) / original)
    return RotaryScaling.YaRN(
      factor: factor, attentionFactor: Float(try attentionFactor(factor: factor)),
      fastRotations: try positive("beta_fast", orZero: 32), slowRotations: try positive("beta_slow", orZero: 1),
      originalContext: original, truncates: try reader.flag("truncate", default: true))
  }

  private func attentionFactor(factor: Double) throws(EngineError) -> Double {
    if let given = try reader.number("attention_factor") { return given }
    let scale = RotaryScaling.YaRN.attentionScale
    guard let weight = try reader.number("mscale"), let allWeight = try reader.number("mscale_all_dim"),
      weight != 0, allWeight != 0
    else { return scale(factor, 1) }
    return scale(factor, weight) / scale(factor, allWeight)
  }
}

/// The rotary part of `config.json`: `rope_parameters`, or `rope_scaling` beside `rope_theta`.
struct RotaryConfiguration {
  let base: Float
  let scaling: RotaryScaling
  /// Positions that the model can tell apart under this scaling.
  let contextLength: Int

  /// What a GGUF file's list of factors goes under, one for each pair of dimensions. No checkpoint has it.
  static let (factorsType, factorsKey) = ("factors of a GGUF file", "factors")

  static let supportedTypes = ["default", "linear", "dynamic", "llama3", "yarn", "longrope"]

  /// Dimensions of a head that are rotated: the first ones.
  private let rotatedDimension: Int
  /// Most positions that LongRoPE's short factors serve; `nil` without such a scaling.
  var originalContext: Int? { if case .longRoPE(let scaling) = scaling { scaling.originalContext } else { nil } }

  /// What a family takes for granted.
  struct Defaults {
    /// `rope_theta`.
    var base = 10_000.0
    /// `original_max_position_embeddings`, where it counts whatever the scaling's own says.
    var originalContext: Int?
    /// Whether `partial_rotary_factor` may be below 1.
    var allowsPartial = false
    /// What names of scalings stand for, where they stand for another.
    var synonyms: [String: String] = [:]
    /// Types of scaling that the family has.
    var types = RotaryConfiguration.supportedTypes
  }

  /// Reads and checks the parameters.
  ///
  /// - Throws: `EngineError.unsupportedOption` for an unknown type, `.malformedConfiguration` for missing or senseless
  ///   numbers.
  init(
    _ configuration: ConfigurationReader, contextLength: Int, headDimension: Int, defaults: Defaults = Defaults()
  ) throws(EngineError) {
    // `transformers` prefers `rope_scaling`, under which older checkpoints keep everything but the base.
    let (newer, older) = (try configuration.object("rope_parameters"), try configuration.object("rope_scaling"))
    let inner = older ?? newer
    /// A number that may stand inside or outside.
    func number(_ key: String) throws(EngineError) -> Double? {
      let outer = try configuration.number(key)
      return try inner?.number(key) ?? outer
    }
    let base = try number("rope_theta") ?? defaults.base
    guard base > 1, base <= Double(Float.greatestFiniteMagnitude) else {
      throw .malformedConfiguration(file: configuration.file, reason: "`rope_theta` is \(base), not above 1")
    }
    if let key = inner?.objectKeys.first {
      throw .unsupportedOption(key: "rope_parameters", value: key, supported: ["the same ones for all layers"])
    }
    self.base = Float(base)
    let rotated = try number("partial_rotary_factor") ?? 1
    guard rotated == 1 || defaults.allowsPartial && rotated > 0 && rotated < 1 else {
      throw .unsupportedOption(
        key: "partial_rotary_factor", value: "\(rotated)",
        supported: [defaults.allowsPartial ? "above 0, up to 1.0" : "1.0"])
    }
    rotatedDimension = Int(Double(headDimension) * rotated + 1e-6)
    guard rotated == 1 || rotatedDimension.isMultiple(of: 2) else {
      throw .unsupportedOption(
        key: "partial_rotary_factor", value: "\(rotated)", supported: ["those that rotate pairs of dimensions"])
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
      originalContext: outerContext ?? defaults.originalContext.map(Double.init) ?? innerContext
        ?? Double(contextLength))
    let (type, olderType) = (try inner.string("rope_type"), try inner.string("type"))
    let named = type ?? olderType ?? "default"
    let kind = defaults.synonyms[named] ?? named
    guard defaults.types.contains(kind) || kind == Self.factorsType else {
      throw .unsupportedOption(key: "rope_type", value: named, supported: defaults.types)
    }
    switch kind {
    case "default": scaling = .none
    case "dynamic":
      _ = try parameters.positive("factor")
      scaling = .none
    case "linear": scaling = .linear(factor: Float(try parameters.positive("factor")))
    case "llama3": scaling = .llama3(try parameters.llama3())
    case "yarn": scaling = .yarn(try parameters.yarn())
    case "longrope": scaling = .longRoPE(try parameters.longRoPE(pairs: rotatedDimension / 2))
    case Self.factorsType: scaling = .factors(try parameters.factors(Self.factorsKey))
    default: throw .unsupportedOption(key: "rope_type", value: named, supported: defaults.types)
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

  /// The angular frequencies.
  var frequencies: RotaryFrequencies {
    RotaryFrequencies(scaling: scaling, base: base, dimension: rotatedDimension)
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

  func factors(_ key: String) throws(EngineError) -> [Double] {
    let factors = try reader.numbers(key)
    for factor in factors { _ = try checked(factor, key) }
    return factors
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

  func longRoPE(pairs: Int) throws(EngineError) -> RotaryScaling.LongRoPE {
    let original = try checked(originalContext, "original_max_position_embeddings")
    let (short, long) = (try factors("short_factor"), try factors("long_factor"))
    for (key, factors) in [("short_factor", short), ("long_factor", long)] where factors.count != pairs {
      throw .malformedConfiguration(
        file: reader.file, reason: "`\(key)` has \(factors.count) factors for \(pairs) pairs of dimensions")
    }
    guard original < Double(Int32.max) else {
      throw .malformedConfiguration(
        file: reader.file, reason: "`original_max_position_embeddings` is \(original), more than \(Int32.max)")
    }
    let given = try reader.number("attention_factor")
    let factor = try positive("factor", default: Double(contextLength) / original)
    return RotaryScaling.LongRoPE(
      shortFactors: short, longFactors: long,
      attentionFactor: Float(
        given ?? RotaryScaling.LongRoPE.attentionScale(factor: factor, originalContext: original)),
      originalContext: Int(original))
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

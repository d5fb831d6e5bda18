internal import Failure
internal import JSONText
internal import PromptCache

/// What both endpoints that answer take beside the prompt.
struct AnswerFields {
  /// How many choices a prompt may be answered with.
  static let mostChoices = 8
  /// How many stop strings there may be.
  static let mostStops = 16
  /// How many likeliest tokens may be asked for at each place.
  static let mostLikeliest = 20

  /// The model asked for.
  let model: String?
  /// How tokens are chosen, and when an answer ends. Each choice has a seed of its own.
  let options: GenerationOptions
  /// Number of choices.
  let choices: Int
  /// Whether the answer comes in events.
  let streams: Bool
  /// Whether the last event tells the usage.
  let includesUsage: Bool
  /// What is done with joint encodings.
  let joint: JointUse
  /// How much of what is cached and not exact is computed again; `nil` where the request does not say.
  let repair: Double?
  /// Whether every token is computed.
  let noCache: Bool
  /// Whether the answer says what the prompt was made of.
  let showsLayout: Bool

  /// Fields that would change an answer if they were obeyed, and are not.
  private static let unsupported = [
    "suffix", "audio", "functions", "function_call", "web_search_options", "prediction",
  ]

  /// Reads the fields.
  ///
  /// - Parameters:
  ///   - fields: the request's.
  ///   - maximumTokens: tokens of the answer where the request does not say.
  ///   - likeliest: how many likeliest tokens are asked for; no log-probabilities at all if `nil`.
  ///   - limit: tokens that an answer may have at most.
  /// - Throws: `APIError` that names the field which is wrong, or which nothing is done for.
  init(
    _ fields: RequestFields, maximumTokens: Int, logProbabilities likeliest: Int?, limit: Int
  ) throws(APIError) {
    try Self.refuse(fields)
    model = try fields.string("model")
    choices = try fields.integer("n", in: 1...Self.mostChoices) ?? 1
    streams = try fields.flag("stream") ?? false
    includesUsage = try Self.includesUsage(fields, streams: streams)
    let joint = try Self.joint(fields)
    let repair = try fields.number("repair", in: 0...1)
    noCache = try fields.flag("no_cache") ?? false
    showsLayout = try fields.flag("layout") ?? false
    if noCache, joint != nil { throw .invalid("`joint` does not go with `no_cache`", parameter: "joint") }
    if noCache, repair ?? 0 > 0 { throw .invalid("`repair` does not go with `no_cache`", parameter: "repair") }
    self.joint = joint ?? .use
    self.repair = repair.map { Double($0) }
    let older = try fields.integer("max_tokens", in: 1...Int.max)
    let asked = try fields.integer("max_completion_tokens", in: 1...Int.max) ?? older
    options = GenerationOptions(
      maximumTokens: min(asked ?? maximumTokens, limit), sampling: try Self.sampling(fields),
      stops: try Self.stops(fields), logProbabilities: likeliest)
  }

  private static func refuse(_ fields: RequestFields) throws(APIError) {
    for name in unsupported where fields[name] != nil {
      throw .invalid("\(name.quoted()) is not supported by this server", parameter: name, code: "unsupported_parameter")
    }
    if let tools = fields["tools"], tools != .array([]) {
      throw .invalid("this server calls no tools", parameter: "tools", code: "unsupported_parameter")
    }
    if let choice = fields["tool_choice"], choice != "none", choice != "auto" {
      throw .invalid("this server calls no tools", parameter: "tool_choice", code: "unsupported_parameter")
    }
    if let format = fields["response_format"], format[key: "type"] != "text" {
      throw .invalid(
        "of `response_format`, this server has `text` alone", parameter: "response_format",
        code: "unsupported_parameter")
    }
    if let modalities = fields["modalities"], modalities != ["text"] {
      throw .invalid("this server answers in text alone", parameter: "modalities", code: "unsupported_parameter")
    }
    if let echo = fields["echo"], echo != false {
      throw .invalid("`echo` is not supported by this server", parameter: "echo", code: "unsupported_parameter")
    }
    let most = try fields.integer("best_of", in: 1...Int.max) ?? 1
    if most > (try fields.integer("n", in: 1...Self.mostChoices) ?? 1) {
      throw .invalid("`best_of` above `n` is not supported", parameter: "best_of", code: "unsupported_parameter")
    }
  }

  private static func includesUsage(_ fields: RequestFields, streams: Bool) throws(APIError) -> Bool {
    guard let options = try fields.object("stream_options") else { return false }
    switch options["include_usage"] {
    case nil, .null, false: return false
    case true: return streams
    case let value?: throw fields.wrong("stream_options.include_usage", value, "true or false")
    }
  }

  private static func joint(_ fields: RequestFields) throws(APIError) -> JointUse? {
    guard let text = try fields.string("joint") else { return nil }
    guard let joint = JointUse(rawValue: text) else { throw fields.wrong("joint", .string(text), "make, use or off") }
    return joint
  }

  private static func sampling(_ fields: RequestFields) throws(APIError) -> SamplingOptions {
    let most = Double.greatestFiniteMagnitude
    let penalty = try fields.number("repetition_penalty", in: 0...most) ?? 1
    if penalty == 0 { throw .invalid("`repetition_penalty` is 0, not above it", parameter: "repetition_penalty") }
    return SamplingOptions(
      temperature: try fields.number("temperature", in: 0...most) ?? 1,
      topK: try topK(fields), topP: try fields.number("top_p", in: 0...1) ?? 1,
      minP: try fields.number("min_p", in: 0...1) ?? 0, repetitionPenalty: penalty,
      presencePenalty: try fields.number("presence_penalty", in: -2...2) ?? 0,
      frequencyPenalty: try fields.number("frequency_penalty", in: -2...2) ?? 0,
      biases: try biases(fields), seed: try seed(fields))
  }

  /// -1 stands for all tokens in some clients.
  private static func topK(_ fields: RequestFields) throws(APIError) -> Int {
    max(try fields.integer("top_k", in: -1...Int.max) ?? 0, 0)
  }

  private static func seed(_ fields: RequestFields) throws(APIError) -> UInt64 {
    guard let seed = try fields.integer("seed", in: Int.min...Int.max) else { return .random(in: .min ... .max) }
    return UInt64(bitPattern: Int64(seed))
  }

  private static func biases(_ fields: RequestFields) throws(APIError) -> [Int32: Float] {
    var biases: [Int32: Float] = [:]
    for (key, value) in try fields.object("logit_bias") ?? [:] {
      guard let token = Int32(key), token >= 0 else {
        throw .invalid("`logit_bias` has \(key.quoted()), which is no token ID", parameter: "logit_bias")
      }
      guard let bias = value.double, (-100...100).contains(bias) else {
        throw .invalid("a bias is a number from -100 to 100, not \(value.text.quoted())", parameter: "logit_bias")
      }
      biases[token] = Float(bias)
    }
    return biases
  }

  private static func stops(_ fields: RequestFields) throws(APIError) -> [String] {
    guard let value = fields["stop"] else { return [] }
    let elements = if case .array(let elements) = value { elements } else { [value] }
    guard elements.count <= mostStops else {
      throw .invalid("`stop` has \(elements.count) strings, and \(mostStops) are the most", parameter: "stop")
    }
    return try elements.map { element throws(APIError) in
      guard case .string(let text) = element else { throw fields.wrong("stop", element, "a string") }
      return text
    }
  }
}

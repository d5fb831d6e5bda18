public import Engine
internal import KVCacheFormat
public import PMLCompiler

/// What a model is, by the headers of its files: no weights are read.
public struct ModelReport: Sendable {
  /// Layers that see only so many positions.
  public struct Window: Equatable, Encodable, Sendable {
    /// Positions that a token sees there, itself the last.
    public let positions: Int
    /// How many layers.
    public let layers: Int
  }

  /// What states take in one KV format.
  public struct States: Equatable, Encodable, Sendable {
    /// Name of the format.
    public let format: String
    /// Bytes that the keys and values of a token take, over all layers, in a text of some length.
    public let bytesPerToken: Int
    /// What each further token of a segment takes that is longer than a window: layers with one have only the last tokens.
    /// For each window, as in `ModelReport.windows`.
    public let pastWindows: [PastWindow]

    private enum CodingKeys: String, CodingKey {
      case format
      case bytesPerToken = "bytes_per_token"
      case pastWindows = "past_windows"
    }
  }

  /// What states take of a segment that is longer than a window.
  public struct PastWindow: Equatable, Encodable, Sendable {
    /// Tokens of the window.
    public let tokens: Int
    /// Bytes of each further token, over the layers that see more.
    public let bytesPerToken: Int

    private enum CodingKeys: String, CodingKey {
      case tokens
      case bytesPerToken = "bytes_per_token"
    }
  }

  /// Path of the folder or file, or what the model that ships is called.
  public let location: String
  /// What a GGUF file calls the model, if it does.
  public let name: String?
  /// The checkpoint's architecture, such as `LlamaForCausalLM`.
  public let architecture: String
  /// The same as a GGUF file names it; `nil` for a folder.
  public let ggufArchitecture: String?
  /// Number of layers.
  public let layers: Int
  /// Numbers of a token between layers.
  public let hiddenSize: Int
  /// Numbers of a token within the feed-forward part.
  public let feedForwardSize: Int
  /// Heads of queries.
  public let queryHeads: Int
  /// Heads of keys, and of values, which queries share.
  public let keyValueHeads: Int
  /// Numbers of a head.
  public let headDimension: Int
  /// Tokens that have an embedding.
  public let vocabularySize: Int
  /// Positions that the model can tell apart.
  public let contextLength: Int
  /// Layers with a sliding window, if there are any, by its size.
  public let windows: [Window]
  /// Types of numbers, those with most bytes first.
  public let tensors: [TensorFormat]
  /// What stands around the roles' text, and how it was found.
  public let template: FoundTemplate
  /// The token that begins a sequence, if one does.
  public let beginToken: Int32?
  /// Tokens that end an answer, in order.
  public let endTokens: [Int32]
  /// Bytes of states in each KV format.
  public let states: [States]

  /// What the tokens in `endTokens` and `beginToken` are called.
  fileprivate let spellings: [Int32: String]

  /// Number of weights.
  public var parameters: Int { tensors.reduce(0) { $0.addingReportingOverflow($1.numbers).partialValue } }

  /// How a token is spelled.
  public func spelling(of token: Int32) -> String { spellings[token] ?? "" }
}

extension LoadedModel {
  /// What this model is.
  ///
  /// - Throws: `PromptCacheError.engine` for weights that are missing or malformed.
  public func report() throws(PromptCacheError) -> ModelReport {
    let tensors = try withEngineErrors { () throws(EngineError) in try files.tensorFormats() }
    let decoder = configuration.decoder
    let endTokens = endTokens.sorted()
    return ModelReport(
      location: files.location, name: files.gguf?.modelName,
      architecture: configuration.architecture, ggufArchitecture: files.gguf?.architectureName,
      layers: configuration.kvShape.layers, hiddenSize: decoder.hiddenSize, feedForwardSize: decoder.intermediateSize,
      queryHeads: decoder.queryHeads, keyValueHeads: decoder.keyValueHeads, headDimension: decoder.headDimension,
      vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength,
      windows: ModelReport.windows(decoder.layers.map(\.window)), tensors: tensors, template: foundTemplate,
      beginToken: tokenizer.beginOfSequence, endTokens: endTokens,
      states: KVElement.allCases.map { ModelReport.States($0, configuration.kvLayers) },
      spellings: Dictionary(
        (endTokens + (tokenizer.beginOfSequence.map { [$0] } ?? [])).map { ($0, tokenizer.spelling(of: $0)) }
      ) { first, _ in first })
  }
}

extension ModelReport {
  fileprivate static func windows(_ layers: [Int?]) -> [Window] {
    var counts: [Int: Int] = [:]
    for case let window? in layers { counts[window, default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { Window(positions: $0.key, layers: $0.value) }
  }
}

extension ModelReport.States {
  fileprivate init(_ element: KVElement, _ layers: KVLayers) {
    // A whole number of the tiles that states lie in.
    let tokens = KVBlobLayout.tileTokens
    let layer = KVBlobLayout(element: element, shape: layers.shape, tokens: tokens).byteCount / tokens
    format = element.rawValue
    bytesPerToken = layer * layers.windows.count
    pastWindows = ModelReport.windows(layers.windows).map { window in
      let others = layers.windows.count { ($0 ?? .max) > window.positions }
      return ModelReport.PastWindow(tokens: window.positions, bytesPerToken: layer * others)
    }
  }
}

extension ModelReport: Encodable {
  private enum CodingKeys: String, CodingKey {
    case location = "model"
    case name, architecture
    case ggufArchitecture = "gguf_architecture"
    case parameters, layers
    case hiddenSize = "hidden_size"
    case feedForwardSize = "feed_forward_size"
    case queryHeads = "query_heads"
    case keyValueHeads = "key_value_heads"
    case headDimension = "head_dimension"
    case vocabularySize = "vocabulary_size"
    case contextLength = "context_length"
    case windows, tensors, template
    case beginToken = "begin_token"
    case endTokens = "end_tokens"
    case states
  }

  /// Writes all keys; what there is none of as null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(location, forKey: .location)
    try container.encode(name, forKey: .name)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(ggufArchitecture, forKey: .ggufArchitecture)
    try container.encode(parameters, forKey: .parameters)
    try container.encode(layers, forKey: .layers)
    try container.encode(hiddenSize, forKey: .hiddenSize)
    try container.encode(feedForwardSize, forKey: .feedForwardSize)
    try container.encode(queryHeads, forKey: .queryHeads)
    try container.encode(keyValueHeads, forKey: .keyValueHeads)
    try container.encode(headDimension, forKey: .headDimension)
    try container.encode(vocabularySize, forKey: .vocabularySize)
    try container.encode(contextLength, forKey: .contextLength)
    try container.encode(windows, forKey: .windows)
    try container.encode(tensors, forKey: .tensors)
    try container.encode(Template(template), forKey: .template)
    try container.encode(beginToken, forKey: .beginToken)
    try container.encode(endTokens, forKey: .endTokens)
    try container.encode(states, forKey: .states)
  }

  private struct Template: Encodable {
    private let found: FoundTemplate

    init(_ found: FoundTemplate) { self.found = found }

    private enum CodingKeys: String, CodingKey {
      case origin, name, system, user
      case userAfterSystem = "user_after_system"
      case assistant, header, differences
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      let (origin, name): (String, String?) =
        switch found.origin {
        case .given: ("given", nil)
        case .rendering: ("rendering", nil)
        case .marks(let name): ("marks", name)
        case .none: ("none", nil)
        }
      let template = found.template
      try container.encode(origin, forKey: .origin)
      try container.encode(name, forKey: .name)
      try container.encode(template.system.texts, forKey: .system)
      try container.encode(template.user.texts, forKey: .user)
      try container.encode(template.userAfterSystem?.texts, forKey: .userAfterSystem)
      try container.encode(template.assistant.texts, forKey: .assistant)
      try container.encode(template.header, forKey: .header)
      try container.encode(found.differenceMessages, forKey: .differences)
    }
  }
}

extension ChatTemplate.Parts {
  fileprivate var texts: [String] { [prefix, suffix] }
}

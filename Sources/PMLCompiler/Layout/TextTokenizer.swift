/// An index into a model's vocabulary.
public typealias TokenID = Int32

/// What the compiler needs of a model's tokenizer.
public protocol TextTokenizer: Sendable {
  /// Tokens of one run of text, without special tokens: what spells one stays text.
  func tokens(of text: String) -> [TokenID]
  /// Tokens of a chat template's text, in which special tokens are recognised.
  func tokens(ofTemplate text: String) -> [TokenID]
  /// The token that begins a sequence, where the model wants one.
  var beginOfSequence: TokenID? { get }
  /// The token that isolated modules rest on while they are encoded, where sequences begin with none: what `bos_token`
  /// names, else `eos_token`.
  var restToken: TokenID? { get }
  /// What fills a parameter's positions while the text around it is encoded: `unk_token`, or else the first token of a
  /// single space.
  var placeholder: TokenID { get }
  /// Longest sequence that the model takes, in positions.
  var contextLength: Int { get }
  /// Positions that LongRoPE's short factors serve; `nil` for models without such a scaling.
  var originalContextLength: Int? { get }
  /// Tokens below this one have an embedding in the model; a tokenizer may know others.
  var embeddedTokenCount: Int { get }
  /// How a token is spelled, for messages.
  func spelling(of token: TokenID) -> String
}

extension TextTokenizer {
  /// None.
  public var restToken: TokenID? { nil }
  /// No such scaling.
  public var originalContextLength: Int? { nil }
  /// The model's positions.
  public var contextLimits: ContextLimits { ContextLimits(length: contextLength, original: originalContextLength) }
  /// All tokens have an embedding.
  public var embeddedTokenCount: Int { .max }
  /// The token's ID.
  public func spelling(of token: TokenID) -> String { "\(token)" }

  /// The tokens of these that the model has no embedding of, each once.
  func withoutEmbedding(_ tokens: some Sequence<TokenID>) -> [TokenID] {
    let count = embeddedTokenCount
    guard count < .max else { return [] }
    return Set(tokens.filter { Int($0) >= count }).sorted()
  }

  /// Tokens of a run, by its origin.
  public func tokens(of run: TextRun) -> [TokenID] {
    switch run.origin {
    case .document: tokens(of: run.text)
    case .template: tokens(ofTemplate: run.text)
    }
  }
}

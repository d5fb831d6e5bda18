public import FileSystem

/// A prompt laid on its schema: which encodings it uses where, and what has to be computed.
public struct PromptLayout: Hashable, Sendable {
  /// An encoding that the prompt reads from the store.
  public struct CachedUse: Hashable, Sendable {
    /// Index of the encoding in the schema's plan.
    public let encoding: Int
    /// Position at which its first token stands in this prompt. The encoding's own `start` may be another: that of compact
    /// schemas and of isolated modules.
    public let place: Int
    /// Tokens used: all, or all but the last where that one is computed again.
    public let count: Int
  }

  /// A token that is computed at each request.
  public struct ComputedToken: Hashable, Sendable {
    /// The token.
    public let token: TokenID
    /// Its position.
    public let position: Int
  }

  /// Encodings to read, by place.
  public let cached: [CachedUse]
  /// Arguments, defaults, text of modules with `cache="false"`, new text, the header of the answer, and the present token
  /// with the highest position whatever it is, since the answer starts from it. Positions ascend; at least one.
  public let computed: [ComputedToken]
  /// All tokens in the order of their positions: what plain inference, without a cache, takes at positions 0, 1, 2, …
  public let present: [TokenID]
  /// Position of the answer's first token: 1 + the highest one taken. A parameter with fixed positions takes all its
  /// `length`.
  public let nextPosition: Int
  /// Whether it is computed with a model's long factors, as the schema's encodings are (`ContextLimits`).
  public let isExtended: Bool
  /// The positions that the model has.
  public let limits: ContextLimits

  /// Number of tokens whose states are read.
  public var cachedTokenCount: Int { present.count - computed.count }

  /// Lays out a prompt.
  ///
  /// - Parameter plan: the encodings of the schema.
  /// - Parameter template: what stands around the text of roles.
  /// - Parameter prompt: resolved against the schema that `plan` was made of.
  /// - Parameter file: path of the prompt, for the problems.
  /// - Parameter tokenizer: the one that the schema was laid out with.
  /// - Parameter diagnostics: takes what is wrong: arguments longer than their parameter, new text that does not fit in
  ///   front of what follows it, no room for an answer, nothing to answer.
  /// - Returns: `nil` where something is wrong.
  public init?(
    of prompt: Prompt, in file: FilePath, plan: EncodingPlan, tokenizer: some TextTokenizer, template: ChatTemplate,
    diagnostics: inout [Diagnostic]
  ) {
    var placement = PromptPlacement(of: prompt, plan: plan, tokenizer: tokenizer)
    placement.placeParts()
    placement.placeLastText()
    if prompt.endsWithUserTurn { placement.placeHeader(template.header) }
    placement.checkLength()
    diagnostics += placement.problems.map { $0.problem.diagnostic(in: file, at: $0.range) }
    guard placement.problems.isEmpty else { return nil }
    self.init(
      placement.pieces, nextPosition: placement.end, isExtended: plan.layout.isExtended,
      limits: tokenizer.contextLimits)
  }

  private init(
    _ pieces: [PromptPlacement<some TextTokenizer>.Piece], nextPosition: Int, isExtended: Bool, limits: ContextLimits
  ) {
    self.isExtended = isExtended
    self.limits = limits
    let pieces = pieces.filter { !$0.tokens.isEmpty }.sorted { $0.start < $1.start }
    var cached: [CachedUse] = []
    var computed: [ComputedToken] = []
    for (index, piece) in pieces.enumerated() {
      let isLast = index == pieces.count - 1
      let reused = piece.encoding == nil ? 0 : piece.tokens.count - (isLast ? 1 : 0)
      if let encoding = piece.encoding, reused > 0 {
        cached.append(CachedUse(encoding: encoding, place: piece.start, count: reused))
      }
      for offset in reused..<piece.tokens.count {
        computed.append(ComputedToken(token: piece.tokens[offset], position: piece.start + offset))
      }
    }
    self.cached = cached
    self.computed = computed
    present = pieces.flatMap(\.tokens)
    self.nextPosition = nextPosition
  }
}

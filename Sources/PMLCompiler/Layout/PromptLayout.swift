public import FileSystem

/// A prompt laid on its schema: what is present in it where, which encodings it uses, and what has to be computed.
public struct PromptLayout: Hashable, Sendable {
  /// Tokens at consecutive positions: a segment of the schema, what fills a parameter, or one run of new text.
  public struct Part: Hashable, Sendable {
    /// What the tokens are.
    public enum Content: Hashable, Sendable {
      /// A segment of the schema, or what fills a parameter.
      case schema(SchemaLayout.Item)
      /// New text before or between what is imported: of a chat template, or of the prompt itself.
      case newText(TextRun.Origin)
      /// The last new text, the header of the answer included; of a chat template, or of the prompt itself.
      case ending(TextRun.Origin)
    }

    /// What the tokens are.
    public let content: Content
    /// Position of the first token.
    public let start: Int
    /// At least one.
    public let tokens: [TokenID]
    /// Index of the encoding in the schema's plan that holds the states where no joint one does; `nil` for what a request
    /// computes: arguments, new text, text of modules with `cache="false"`.
    public let encoding: Int?

    /// Whether it belongs to the last new text.
    var isEnding: Bool { if case .ending = content { true } else { false } }
  }

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

  /// All that is present, by position; at least one part.
  public let parts: [Part]
  /// Digests of the joint encodings of the first parts: the prompt's chain (`JointChain`). Where states of the last new text are
  /// to be kept, it goes on up to there.
  public let chain: JointChain
  /// The same, with all of the last new text: what a prompt that said the same may have kept.
  public let longestChain: JointChain
  /// Number of parts of the last new text, and of those in front of it, whose states are to be kept; 0 if none are.
  public let keptCount: Int
  /// Position of the answer's first token: 1 + the highest one taken. A parameter with fixed positions takes all its
  /// `length`.
  public let nextPosition: Int
  /// Whether it is computed with a model's long factors, as the schema's encodings are (`ContextLimits`).
  public let isExtended: Bool
  /// The positions that the model has.
  public let limits: ContextLimits

  /// All tokens in the order of their positions: what plain inference, without a cache, takes at positions 0, 1, 2, …
  public var present: [TokenID] { parts.flatMap(\.tokens) }

  /// Encodings of the schema's plan to read where no joint ones are used, by place.
  public var cached: [CachedUse] { cached(behind: 0) }

  /// The same where joint encodings stand for the first `count` parts.
  public func cached(behind count: Int) -> [CachedUse] {
    parts.indices.dropFirst(count).compactMap { index in
      let (part, count) = (parts[index], reusableCount(of: index))
      guard let encoding = part.encoding, count > 0 else { return nil }
      return CachedUse(encoding: encoding, place: part.start, count: count)
    }
  }

  /// Arguments, defaults, text of modules with `cache="false"`, new text, the header of the answer, and the present token
  /// with the highest position whatever it is, since the answer starts from it. Positions ascend; at least one.
  public var computed: [ComputedToken] {
    parts.indices.flatMap { index in
      let part = parts[index]
      let reused = part.encoding == nil ? 0 : reusableCount(of: index)
      return (reused..<part.tokens.count).map { ComputedToken(token: part.tokens[$0], position: part.start + $0) }
    }
  }

  /// Number of tokens whose states are read where no joint encodings are used.
  public var cachedTokenCount: Int { present.count - computed.count }

  /// Tokens of a part that may be read from the store: all but the last one of the prompt.
  public func reusableCount(of part: Int) -> Int { parts[part].tokens.count - (part == parts.count - 1 ? 1 : 0) }

  /// Lays out a prompt.
  ///
  /// - Parameter plan: the encodings of the schema.
  /// - Parameter template: what stands around the text of roles.
  /// - Parameter prompt: resolved against the schema that `plan` was made of.
  /// - Parameter file: path of the prompt, for the problems.
  /// - Parameter tokenizer: the one that the schema was laid out with.
  /// - Parameter isWithinWindows: whether documents have to fit their libraries' windows; to compare documents, they need not.
  /// - Parameter lengthRule: which positions have to be there.
  /// - Parameter diagnostics: takes what is wrong: arguments longer than their parameter, new text that does not fit in
  ///   front of what follows it, no room for an answer, nothing to answer.
  /// - Returns: `nil` where something is wrong.
  public init?(
    of prompt: Prompt, in file: FilePath, plan: EncodingPlan, tokenizer: some TextTokenizer, template: ChatTemplate,
    isWithinWindows: Bool = true, lengthRule: PromptLengthRule = .placed, diagnostics: inout [Diagnostic]
  ) {
    var placement = PromptPlacement(of: prompt, plan: plan, tokenizer: tokenizer, lengthRule: lengthRule)
    if isWithinWindows { placement.checkWindows() }
    placement.placeParts()
    placement.placeLastText()
    if prompt.endsWithUserTurn { placement.placeHeader(template.header) }
    placement.checkLength()
    diagnostics += placement.problems.map { $0.problem.diagnostic(in: file, at: $0.range) }
    guard placement.problems.isEmpty else { return nil }
    parts = placement.parts.filter { !$0.tokens.isEmpty }.sorted { $0.start < $1.start }
    nextPosition = placement.end
    isExtended = plan.layout.isExtended
    limits = tokenizer.contextLimits
    let keptEnd = placement.keptEnd
    keptCount = parts.count { $0.start < keptEnd }
    longestChain = JointChain(of: parts, layout: plan.layout)
    chain = longestChain.prefix(max(parts.count { !$0.isEnding }, keptCount))
  }
}

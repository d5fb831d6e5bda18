public import GGUF

extension Tokenizer {
  /// The tokenizer that a GGUF file holds: byte-level BPE (`gpt2`), or SentencePiece by scores (`llama`).
  ///
  /// - Throws: for a tokenizer of another kind, a pre-tokenizer whose name is not known, or keys that contradict
  ///   themselves.
  public init(_ header: GGUFHeader) throws(TokenizerError) {
    do throws(TokenizerError) {
      try self.init(keysOf: header)
    } catch {
      // What makes the parts of a tokenizer names the file that most are made of.
      throw .gguf(error.problem)
    }
  }

  private init(keysOf header: GGUFHeader) throws(TokenizerError) {
    let text = { (key: String) throws(GGUFError) -> String? in try header.text(key) }
    let flag = { (key: String) throws(GGUFError) -> Bool? in try header.flag(key) }
    guard let model = try header.tokenizerValue(text, "model") else {
      throw .gguf(.missing(field: "tokenizer.ggml.model"))
    }
    let vocabulary = try GGUFVocabulary(header)
    let encoder: TextEncoder
    let decoder: TextDecoder
    let addsBeginOfSequence: Bool
    switch model {
    case "gpt2":
      let name = try header.tokenizerValue(text, "pre")
      guard let pre = name.flatMap({ GGUFPreTokenizer(named: $0) }) else {
        throw .gguf(
          .unsupported(field: "tokenizer.ggml.pre", found: name ?? "missing", supported: GGUFPreTokenizer.names))
      }
      encoder = try Self.byteLevelEncoder(header, vocabulary, pre)
      decoder = .byteLevel
      addsBeginOfSequence = pre.addsBeginOfSequence
    case "llama":
      let addsSpace = try header.tokenizerValue(flag, "add_space_prefix") ?? true
      encoder = try Self.scoredEncoder(header, vocabulary, addsSpace: addsSpace)
      decoder = Self.scoredDecoder(addsSpace: addsSpace)
      addsBeginOfSequence = true
    default:
      throw .gguf(.unsupported(field: "tokenizer.ggml.model", found: model, supported: ["gpt2", "llama"]))
    }
    let begin = try vocabulary.token(header, "bos_token_id")
    let wantsBegin = try header.tokenizerValue(flag, "add_bos_token") ?? addsBeginOfSequence
    if wantsBegin, begin == nil { throw .gguf(.missing(field: "tokenizer.ggml.bos_token_id")) }
    var template: String?
    do throws(GGUFError) { template = try header.text("tokenizer.chat_template") } catch {
      throw .gguf(.mistyped(field: "tokenizer.chat_template", expected: "text", found: "something else"))
    }
    try self.init(
      encoder: encoder, decoder: decoder, beginOfSequence: wantsBegin ? begin : nil,
      namedBeginOfSequence: begin, endOfSequence: vocabulary.token(header, "eos_token_id"), chatTemplate: template,
      namedTokens: vocabulary.namedTokens(header))
  }

  private static func byteLevelEncoder(
    _ header: GGUFHeader, _ vocabulary: GGUFVocabulary, _ pre: GGUFPreTokenizer
  ) throws(TokenizerError) -> TextEncoder {
    let texts = { (key: String) throws(GGUFError) -> GGUFTexts? in try header.texts(key) }
    guard let lines = try header.tokenizerValue(texts, "merges") else {
      throw .gguf(.missing(field: "tokenizer.ggml.merges"))
    }
    var merges: [MergeRule] = []
    merges.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      merges.append(try mergeRule(line, index: index, vocabulary.vocabulary))
    }
    let alphabet = SymbolAlphabet(
      isByteLevel: true, fallback: SymbolAlphabet.Fallback(), vocabulary: vocabulary.vocabulary)
    return try TextEncoder(
      normalizer: pre.normalizer, preTokenizer: pre.preTokenizer,
      model: BytePairEncoding(alphabet: alphabet, merges: merges, ignoresMerges: pre.ignoresMerges),
      added: vocabulary.addedTokens)
  }

  /// Two tokens with a space between them.
  private static func mergeRule(
    _ line: ArraySlice<UInt8>, index: Int, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> MergeRule {
    // The first byte may be a space that is a token's own only where a vocabulary is no byte-level one.
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), line[(space + 1)...].firstIndex(of: 0x20) == nil else {
      throw .gguf(.malformedMerge(index: index, text: String(decoding: line, as: UTF8.self)))
    }
    let parts = [Array(line[..<space]), Array(line[(space + 1)...]), Array(line[..<space]) + line[(space + 1)...]]
    var tokens: [Int32] = []
    for part in parts {
      guard let id = vocabulary.id(of: part.span) else {
        throw .gguf(.mergeOutOfVocabulary(index: index, token: String(decoding: part, as: UTF8.self)))
      }
      tokens.append(id)
    }
    return MergeRule(left: tokens[0], right: tokens[1], result: tokens[2])
  }

  /// What SentencePiece shows for a space.
  private static let visibleSpace = "▁"

  private static func scoredEncoder(
    _ header: GGUFHeader, _ vocabulary: GGUFVocabulary, addsSpace: Bool
  ) throws(TokenizerError) -> TextEncoder {
    let numbers = { (key: String) throws(GGUFError) -> [Double]? in try header.numbers(key) }
    guard let scores = try header.tokenizerValue(numbers, "scores"), scores.count == vocabulary.kinds.count else {
      throw .gguf(.missing(field: "tokenizer.ggml.scores"))
    }
    var fallback = SymbolAlphabet.Fallback()
    fallback.fusesUnknown = true
    fallback.unknown = try vocabulary.token(header, "unknown_token_id")
    fallback.byteTokens = (UInt8.min...UInt8.max).map {
      vocabulary.vocabulary.id(of: ByteFallbackStage.spelling(of: $0)) ?? -1
    }
    let alphabet = SymbolAlphabet(isByteLevel: false, fallback: fallback, vocabulary: vocabulary.vocabulary)
    let kinds = vocabulary.kinds
    let merges = ScoredMerges(scores: scores) { kinds[$0] == .normal || kinds[$0] == .userDefined }
    var steps: [Normalizer] = addsSpace ? [.prepend(Array(visibleSpace.utf8))] : []
    if let spaces = ByteReplacement(pattern: " ", content: visibleSpace) { steps.append(.replace(spaces)) }
    return try TextEncoder(
      normalizer: .sequence(steps), preTokenizer: nil, model: BytePairEncoding(alphabet: alphabet, scored: merges),
      added: vocabulary.addedTokens)
  }

  private static func scoredDecoder(addsSpace: Bool) -> TextDecoder {
    var steps: [TextDecoder] = []
    if let spaces = ByteReplacement(pattern: visibleSpace, content: " ") { steps.append(.replace(spaces)) }
    steps += [.byteFallback, .fuse]
    if addsSpace { steps.append(.strip(character: [0x20], start: 1, stop: 0)) }
    return .sequence(steps)
  }
}

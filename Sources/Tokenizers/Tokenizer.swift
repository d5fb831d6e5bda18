/// A model's tokenizer, made from its `tokenizer.json` (Hugging Face `tokenizers`), and equal to it ID by ID.
///
/// Byte-pair encoding is supported, over bytes (GPT-2, Llama 3, Qwen 2, Falcon, MPT) and over characters with byte
/// fallback (Llama 2, Mistral). What a file asks for beyond that is an error that names it.
public struct Tokenizer: Sendable {
  /// Highest ID + 1.
  public let vocabularySize: Int
  /// The token that begins a sequence.
  ///
  /// Where `add_bos_token` is given it decides, else the post-processor: `nil` if the one says no or the other puts
  /// nothing before a sequence.
  public let beginOfSequence: Int32?
  /// `eos_token` of `tokenizer_config.json`, if the vocabulary has it.
  public let endOfSequence: Int32?
  /// Tokens that text may rest on where sequences begin with none: what `bos_token` names, then `eos_token`, as far as the
  /// vocabulary has them.
  public let restTokens: [Int32]
  /// `unk_token` of the model in `tokenizer.json`, if the vocabulary has it.
  public let unknownToken: Int32?
  /// What stands for text that is not known yet: the unknown token, or else the first token of a single space.
  public let placeholder: Int32
  /// `chat_template` of `tokenizer_config.json`: the text itself, or of a list the one named `default`, else the first.
  public let chatTemplate: String?
  /// The special tokens that `tokenizer_config.json` names, by their names (`bos_token`), for a chat template.
  public let namedTokens: [String: String]

  let encoder: TextEncoder
  let decoder: TextDecoder

  /// Reads a tokenizer.
  ///
  /// - Parameters:
  ///   - tokenizerJSON: the bytes of `tokenizer.json`.
  ///   - configJSON: the bytes of `tokenizer_config.json`, or `nil` where there is none.
  /// - Throws: where a file is malformed, or asks for something that is not supported.
  public init(tokenizerJSON: [UInt8], configJSON: [UInt8]?) throws(TokenizerError) {
    let file = try TokenizerFile(tokenizerJSON)
    let configuration = try TokenizerConfiguration(configJSON)
    let encoder = try TextEncoder(file)
    try self.init(
      encoder: encoder,
      decoder: file.decoder.map { section throws(TokenizerError) in try TextDecoder(section) } ?? .spaces,
      beginOfSequence: Self.beginOfSequence(file, configuration, encoder),
      namedBeginOfSequence: configuration.beginOfSequence.flatMap { encoder.id(of: $0) },
      endOfSequence: configuration.endOfSequence.flatMap { encoder.id(of: $0) },
      chatTemplate: configuration.chatTemplate, namedTokens: configuration.namedTokens)
  }

  init(
    encoder: TextEncoder, decoder: TextDecoder, beginOfSequence: Int32?, namedBeginOfSequence: Int32?,
    endOfSequence: Int32?, chatTemplate: String?, namedTokens: [String: String]
  ) throws(TokenizerError) {
    self.encoder = encoder
    self.decoder = decoder
    self.beginOfSequence = beginOfSequence
    self.endOfSequence = endOfSequence
    restTokens = [namedBeginOfSequence, endOfSequence].compactMap { $0 }
    self.chatTemplate = chatTemplate
    self.namedTokens = namedTokens
    vocabularySize = max(encoder.model.vocabulary.size, encoder.added.size)
    unknownToken = encoder.model.alphabet.fallback.unknown
    guard let placeholder = unknownToken ?? encoder.encode(" ", special: false).first else {
      throw TokenizerError(.noPlaceholder)
    }
    self.placeholder = placeholder
  }

  private static func beginOfSequence(
    _ file: TokenizerFile, _ configuration: TokenizerConfiguration, _ encoder: TextEncoder
  ) throws(TokenizerError) -> Int32? {
    let processed: Int? = if let section = file.postProcessor { try BeginOfSequence.token(section) } else { nil }
    switch (configuration.addsBeginOfSequence, configuration.beginOfSequence) {
    case (false?, _): return nil
    case (true?, let name?):
      guard let token = encoder.id(of: name) else {
        throw TokenizerError(.tokenOutOfVocabulary(field: "bos_token", token: name), in: TokenizerConfiguration.name)
      }
      return token
    case (true?, nil):
      guard processed != nil else {
        throw TokenizerError(.missing(field: "bos_token"), in: TokenizerConfiguration.name)
      }
      fallthrough
    case (nil, _):
      guard let processed else { return nil }
      guard let token = Int32(exactly: processed), encoder.spelling(of: token) != nil else {
        throw TokenizerError(.tokenOutOfVocabulary(field: "post_processor", token: "\(processed)"))
      }
      return token
    }
  }

  /// The tokens of a document's text. Nothing in it becomes a special token, whatever it spells.
  ///
  /// Takes time linear in the text's length, but n log n for a word longer than 64 bytes.
  public func encode(_ text: String) -> [Int32] { encoder.encode(text, special: false) }

  /// The tokens of a chat template's text, in which special tokens are recognised. No BOS is added.
  public func encodeTemplate(_ text: String) -> [Int32] { encoder.encode(text, special: true) }

  /// The tokens of texts side by side, as of one text. No BOS is added.
  ///
  /// - Parameter runs: texts, and whether special tokens are recognised in each. One that begins in one run and ends in
  ///   another counts only if they are in both.
  public func encode(_ runs: [(text: String, recognizesSpecial: Bool)]) -> [Int32] { encoder.encode(runs) }

  /// Whether the token is left out of text with special tokens.
  public func isSpecial(_ token: Int32) -> Bool { encoder.spelling(of: token)?.isSpecial ?? false }

  /// The text of tokens. An ID that is no token's stands for nothing.
  public func decode(_ tokens: [Int32], skippingSpecialTokens: Bool = true) -> String {
    var decoder = makeStreamingDecoder(skippingSpecialTokens: skippingSpecialTokens)
    var result: [UInt8] = []
    for token in tokens { decoder.append(token, to: &result) }
    decoder.finish(appendingTo: &result)
    return String(decoding: result, as: UTF8.self)
  }

  /// A decoder for tokens that come one by one.
  public func makeStreamingDecoder(skippingSpecialTokens: Bool = true) -> StreamingDecoder {
    StreamingDecoder(encoder, decoder, skippingSpecialTokens: skippingSpecialTokens)
  }
}

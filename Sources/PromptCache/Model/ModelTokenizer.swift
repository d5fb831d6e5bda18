internal import Engine
public import PMLCompiler
internal import Tokenizers

/// A model's tokenizer, as the compiler asks for it.
public struct ModelTokenizer: TextTokenizer {
  let tokenizer: Tokenizer
  /// Longest sequence that the model takes, in positions.
  public private(set) var contextLength: Int
  /// Positions that LongRoPE's short factors serve; `nil` for models without such a scaling.
  public let originalContextLength: Int?

  /// Tokens below this one have an embedding in the model.
  public let embeddedTokenCount: Int

  init(files: some ModelFiles, configuration model: ModelConfiguration) throws(PromptCacheError) {
    contextLength = model.contextLength
    originalContextLength = model.originalContextLength
    embeddedTokenCount = model.vocabularySize
    do throws(TokenizerError) {
      if let gguf = files.gguf {
        tokenizer = try Tokenizer(gguf.header)
        return
      }
    } catch {
      throw .tokenizer(error, location: files.location)
    }
    let vocabulary = try withEngineErrors { () throws(EngineError) in try files.requiredFile("tokenizer.json") }
    let configuration = try withEngineErrors { () throws(EngineError) in try files.file("tokenizer_config.json") }
    do throws(TokenizerError) {
      tokenizer = try Tokenizer(tokenizerJSON: vocabulary.array, configJSON: configuration?.array)
    } catch {
      throw .tokenizer(error, location: files.location)
    }
  }

  /// The same tokenizer for a model with so many positions.
  func contextLength(_ length: Int) -> ModelTokenizer {
    var tokenizer = self
    tokenizer.contextLength = length
    return tokenizer
  }

  /// The text of the token that begins a sequence, where the model wants one.
  var beginOfSequenceText: String? {
    tokenizer.beginOfSequence.map { tokenizer.decode([$0], skippingSpecialTokens: false) }
  }

  /// Tokens of one run of text; what spells a special token stays text.
  public func tokens(of text: String) -> [TokenID] { tokenizer.encode(text) }
  /// Tokens of a chat template's text.
  public func tokens(ofTemplate text: String) -> [TokenID] { tokenizer.encodeTemplate(text) }
  /// The token that begins a sequence, where the model wants one.
  public var beginOfSequence: TokenID? { tokenizer.beginOfSequence }
  /// What isolated modules rest on where sequences begin with no token: the first of the candidates that the model has an
  /// embedding of.
  public var restToken: TokenID? { tokenizer.restTokens.first { Int($0) < embeddedTokenCount } }
  /// How a token is spelled, for messages.
  public func spelling(of token: TokenID) -> String { tokenizer.decode([token], skippingSpecialTokens: false) }
  /// The text of tokens, special ones included.
  public func text(of tokens: [TokenID]) -> String { tokenizer.decode(tokens, skippingSpecialTokens: false) }
  /// The bytes that a token adds to a text, which may be part of a character; none for an ID that is no token's.
  public func bytes(of token: TokenID) -> [UInt8] { tokenizer.bytes(of: token) }
  /// The text that a token adds to another; what is only a part of a character is `\u{FFFD}`.
  public func pieceText(of token: TokenID) -> String { String(decoding: bytes(of: token), as: UTF8.self) }
  /// What stands at a parameter's positions while the text around it is encoded.
  public var placeholder: TokenID { tokenizer.placeholder }
}

internal import PromptCache

/// How tokens are spelled.
struct TokenTexts: Sendable {
  let model: LoadedModel

  /// The bytes that a token adds to a text: not always whole characters.
  func bytes(of token: Int32) -> [UInt8] { model.tokenizer.bytes(of: token) }

  /// The same as text.
  func text(of token: Int32) -> String { String(decoding: bytes(of: token), as: UTF8.self) }
}

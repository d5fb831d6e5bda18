public import JSONText

/// Why a tokenizer could not be made from its files.
public enum TokenizerError: Error, Hashable, Sendable {
  /// `file` is not JSON, or lacks the structure that it must have.
  case malformed(file: String, JSONError)
  /// `file` is longer than a tokenizer's file may be.
  case fileTooLarge(file: String, bytes: Int, limit: Int)
  /// A field that must be there is not.
  case missing(field: String)
  /// A field holds a value of another kind.
  case mistyped(field: String, expected: String, found: String)
  /// A field asks for something that Hugging Face's `tokenizers` may know and this library does not.
  case unsupported(field: String, found: String, supported: [String])
  /// A token's ID is too high to be one.
  case idOutOfRange(token: String, id: Int, limit: Int)
  /// Two tokens of the vocabulary have one ID.
  case duplicateID(Int, first: String, second: String)
  /// An entry of `model.merges`, counted from 0, is not two tokens with one space between them.
  case malformedMerge(index: Int, text: String)
  /// An entry of `model.merges`, counted from 0, names or makes a token that the vocabulary does not have.
  case mergeOutOfVocabulary(index: Int, token: String)
  /// A field names a token that the vocabulary does not have.
  case tokenOutOfVocabulary(field: String, token: String)
  /// Two added tokens are spelled alike once normalized.
  case ambiguousAddedTokens(first: String, second: String)
  /// There is no `unk_token`, and a single space has no tokens, so nothing can fill a parameter's positions.
  case noPlaceholder

  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .malformed(let file, let error): "`\(file)`: \(error.message)"
    case .fileTooLarge(let file, let bytes, let limit): "`\(file)` has \(bytes) bytes, and at most \(limit) are read"
    case .missing(let field): "`\(field)` is missing"
    case .mistyped(let field, let expected, let found): "`\(field)` is \(found) where \(expected) should be"
    case .unsupported(let field, let found, _): "`\(field)` is `\(found)`, which is not supported"
    case .idOutOfRange(let token, let id, let limit):
      "token `\(token)` has the ID \(id), above the highest one, \(limit)"
    case .duplicateID(let id, let first, let second): "tokens `\(first)` and `\(second)` both have the ID \(id)"
    case .malformedMerge(let index, let text): "merge \(index), `\(text)`, is not two tokens with a space between them"
    case .mergeOutOfVocabulary(let index, let token):
      "merge \(index) needs the token `\(token)`, which is not in the vocabulary"
    case .tokenOutOfVocabulary(let field, let token): "`\(field)` is `\(token)`, which is not in the vocabulary"
    case .ambiguousAddedTokens(let first, let second):
      "the added tokens `\(first)` and `\(second)` are spelled alike once normalized"
    case .noPlaceholder: "the model has no `unk_token`, and no token for a space"
    }
  }

  /// What to do about it, where something can be done.
  public var help: String? {
    switch self {
    case .unsupported(_, _, let supported) where !supported.isEmpty:
      "supported: \(supported.map { "`\($0)`" }.joined(separator: ", "))"
    case .malformed, .fileTooLarge: "is the file whole, and a tokenizer's? download it again"
    default: nil
    }
  }
}

extension TokenizerError: CustomStringConvertible {
  /// The message and, where there is one, the help.
  public var description: String { help.map { "\(message) (\($0))" } ?? message }
}

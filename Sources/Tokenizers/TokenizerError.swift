public import Failure
public import JSONText

/// Why a tokenizer could not be made from its files.
public struct TokenizerError: Hashable, Sendable {
  /// What is wrong.
  public enum Problem: Hashable, Sendable {
    /// The file is not JSON, or lacks the structure that it must have.
    case malformed(JSONError)
    /// The file is longer than a tokenizer's file may be.
    case tooLarge(bytes: Int, limit: Int)
    /// A field that must be there is not.
    case missing(field: String)
    /// A field holds a value of another kind.
    case mistyped(field: String, expected: String, found: String)
    /// A field asks for something that Hugging Face's `tokenizers` may know and this library does not.
    case unsupported(field: String, found: String, supported: [String])
    /// A part of the tokenizer can make more of a text than `limit` bytes for each of its bytes.
    case multipliesText(field: String, limit: Int)
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
  }

  /// What a GGUF file is called, whose name is not known here.
  static let ggufFile = "the GGUF file"

  /// Name of the file: `tokenizer.json` or `tokenizer_config.json`; or `the GGUF file`.
  public let file: String
  /// What is wrong in it.
  public let problem: Problem

  /// A problem of a file, `tokenizer.json` unless another one is named.
  public init(_ problem: Problem, in file: String = "tokenizer.json") {
    self.file = file
    self.problem = problem
  }
}

extension TokenizerError: CategorizedError, CustomStringConvertible {
  /// The caller's input, whatever it is.
  public var category: FailureCategory { .input }

  /// What is wrong, and in which file: one lower-case clause.
  public var message: String {
    let file = file == Self.ggufFile ? file : file.quoted()
    return switch problem {
    case .malformed(let error): "\(file) is not the JSON that it should be: \(error.message)"
    case .tooLarge(let bytes, let limit): "\(file) has \(bytes) bytes, and at most \(limit) are read"
    case .missing(let field): "\(file) has no \(field.quoted())"
    case .mistyped(let field, let expected, let found):
      "\(field.quoted()) in \(file) is \(found.printable(limit: 60)) where \(expected) should be"
    case .unsupported(let field, let found, _):
      "\(field.quoted()) in \(file) is \(found.quoted()), which is not supported"
    case .multipliesText(let field, let limit):
      "\(field.quoted()) in \(file) can make more than \(limit) bytes of one byte of text"
    case .idOutOfRange(let token, let id, let limit):
      "token \(token.quoted()) in \(file) has the ID \(id), above the highest one, \(limit)"
    case .duplicateID(let id, let first, let second):
      "tokens \(first.quoted()) and \(second.quoted()) in \(file) both have the ID \(id)"
    case .malformedMerge(let index, let text):
      "merge \(index) in \(file), \(text.quoted()), is not two tokens with a space between them"
    case .mergeOutOfVocabulary(let index, let token):
      "merge \(index) in \(file) needs the token \(token.quoted()), which is not in the vocabulary"
    case .tokenOutOfVocabulary(let field, let token):
      "\(field.quoted()) in \(file) is \(token.quoted()), which is not in the vocabulary"
    case .ambiguousAddedTokens(let first, let second):
      "the added tokens \(first.quoted()) and \(second.quoted()) in \(file) are spelled alike once normalized"
    case .noPlaceholder: "\(file) has no `unk_token`, and no token for a space"
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch problem {
    case .unsupported("model.type", _, _):
      [.other("take a model whose tokenizer is byte-pair encoding, over bytes or as SentencePiece does it")]
    case .unsupported(_, _, let supported): supported.isEmpty ? [] : [.chooseSupported(supported)]
    case .malformed, .tooLarge, .missing, .mistyped, .malformedMerge, .mergeOutOfVocabulary: [.downloadAgain]
    case .tokenOutOfVocabulary: [.other("take all of the tokenizer's files from the same model")]
    case .multipliesText, .idOutOfRange, .duplicateID, .ambiguousAddedTokens, .noPlaceholder: []
    }
  }
}

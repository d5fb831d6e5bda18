public import ContentHash
public import Failure
public import JSONText

/// Why bytes are not a lowered schema.
public enum IRError: Error, Hashable, Sendable {
  /// They are not JSON.
  case malformed(JSONError)
  /// They are JSON of something else.
  case notIR
  /// Written by another version of the compiler.
  case unsupportedVersion(found: Int, supported: Int)
  /// The file is larger than any that the compiler writes.
  case tooLarge(bytes: Int)
  /// An object has a key that this version does not know.
  case unknownKey(String, in: String)
  /// An object lacks a key, or the value is of another type.
  case expected(String, key: String, in: String)
  /// The chat template is not one.
  case template(ChatTemplateError)
  /// A rule of the language is broken.
  case invalid(String)
  /// The schema is not the one that the file was written for: it was edited.
  case hashMismatch(stored: SHA256Digest, found: SHA256Digest)
  /// The layout is not that of the schema.
  case layoutMismatch
  /// The layout was made with another tokenizer, or another chat template.
  case otherTokenizer
}

extension IRError: CategorizedError, CustomStringConvertible {
  /// The caller's input, or damage where the file is not what the compiler wrote.
  public var category: FailureCategory {
    switch self {
    case .notIR, .unsupportedVersion, .otherTokenizer: .input
    default: .damaged
    }
  }

  /// What is wrong.
  public var message: String {
    switch self {
    case .malformed(let error): "not JSON: \(error.message.printable(limit: 200))"
    case .notIR: "not a compiled schema"
    case .unsupportedVersion(let found, let supported):
      "version \(found) of the format, this compiler reads versions up to \(supported)"
    case .tooLarge(let bytes): "\(bytes) bytes, more than a compiled schema may have"
    case .unknownKey(let key, let object): "unknown key \(key.quoted()) in the \(object)"
    case .expected(let type, let key, let object): "`\(key)` of the \(object) is no \(type)"
    case .template(let error): "not a chat template: \(error.description.printable(limit: 200))"
    case .invalid(let reason): "not a valid schema: \(reason)"
    case .hashMismatch(let stored, let found): "the schema was changed: its hash is \(found), the file says \(stored)"
    case .layoutMismatch: "the layout does not belong to the schema"
    case .otherTokenizer: "compiled for another model's tokenizer"
    }
  }

  /// To compile the schema again.
  public var remedies: [Remedy] {
    switch self {
    case .otherTokenizer: [.compileForThisModel]
    case .notIR: []
    default: [.compileAgain]
    }
  }
}

extension JSONValue {
  init(reading bytes: [UInt8]) throws(IRError) {
    do throws(JSONError) {
      self = try JSONValue(parsing: bytes, rules: .compiler)
    } catch {
      throw .malformed(error)
    }
  }
}

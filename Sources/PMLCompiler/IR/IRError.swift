public import ContentHash
public import JSONText

/// Why bytes are not a lowered schema.
public enum IRError: Error, Hashable, Sendable {
  /// They are not JSON.
  case malformed(JSONError)
  /// They are JSON of something else.
  case notIR
  /// Written by a compiler of another time.
  case unsupportedVersion(found: Int, supported: Int)
  /// An object has a key that this version does not know.
  case unknownKey(String, in: String)
  /// An object lacks a key, or the value is of another type.
  case expected(String, key: String, in: String)
  /// The chat template is none.
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

extension IRError: CustomStringConvertible {
  /// What is wrong.
  public var description: String {
    switch self {
    case .malformed(let error): "not JSON: \(error)"
    case .notIR: "not a compiled schema"
    case .unsupportedVersion(let found, let supported):
      "version \(found) of the format, this compiler reads version \(supported)"
    case .unknownKey(let key, let object): "unknown key `\(key)` in the \(object)"
    case .expected(let type, let key, let object): "`\(key)` of the \(object) is no \(type)"
    case .template(let error): "not a chat template: \(error)"
    case .invalid(let reason): "not a valid schema: \(reason)"
    case .hashMismatch(let stored, let found): "the schema was changed: its hash is \(found), the file says \(stored)"
    case .layoutMismatch: "the layout does not belong to the schema"
    case .otherTokenizer: "compiled for another model's tokenizer"
    }
  }

  /// What to do about it.
  public var help: String? {
    switch self {
    case .unsupportedVersion, .hashMismatch, .layoutMismatch, .unknownKey, .expected, .template, .invalid, .malformed:
      "compile the schema again with `pmlc compile`"
    case .otherTokenizer: "compile the schema with `--model` naming this model"
    case .notIR: nil
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

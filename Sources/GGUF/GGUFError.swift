public import Failure

/// Why a GGUF file cannot be read.
public enum GGUFError: Error, Equatable, Sendable {
  /// It does not begin as one does.
  case notGGUF
  /// It has a version that is not supported; a number of the other byte order reads as a very large one.
  case unsupportedVersion(UInt32)
  /// It ends before what it announces.
  case truncated(what: String, offset: Int)
  /// Something in it contradicts the format or itself.
  case malformed(String)
  /// A tensor's numbers have a type that is not supported.
  case unsupportedType(tensor: String, type: String)
  /// A key that is needed is not there.
  case missingKey(String)
  /// A key has another kind of value than it should, or one out of range.
  case wrongValue(key: String, expected: String, found: String)
}

extension GGUFError: CategorizedError {
  /// `.damaged` where the file was cut or altered, else `.input`.
  public var category: FailureCategory {
    switch self {
    case .truncated: .damaged
    default: .input
    }
  }

  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .notGGUF: "it is not a GGUF file: it does not begin with `GGUF`"
    case .unsupportedVersion(let version):
      version.byteSwapped < 16
        ? "it is a GGUF file for machines with the other byte order"
        : "it is a GGUF file of version \(version), and only version 3 is supported"
    case .truncated(let what, let offset):
      "it ends in the middle of \(what.printable(limit: 200)), at byte \(offset)"
    case .malformed(let reason): reason
    case .unsupportedType(let tensor, let type): "tensor \(tensor.quoted()) has numbers of type \(type.quoted())"
    case .missingKey(let key): "it has no key \(key.quoted())"
    case .wrongValue(let key, let expected, let found):
      "key \(key.quoted()) should be \(expected), and is \(found.printable(limit: 60))"
    }
  }

  /// What to do about it.
  public var remedies: [Remedy] {
    switch self {
    case .truncated: [.downloadAgain]
    case .unsupportedType: [.chooseSupported(GGUFTensorType.allCases.map(\.name))]
    case .unsupportedVersion: [.other("convert the model again with a newer tool")]
    case .notGGUF, .malformed, .missingKey, .wrongValue: []
    }
  }
}

/// Why bytes are not JSON (RFC 8259), or not the JSON that was wanted.
public struct JSONError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Problem: Hashable, Sendable {
    /// The text ends too soon.
    case unexpectedEnd
    /// A byte that cannot stand here, and what could.
    case unexpectedByte(UInt8, expected: String)
    /// Bytes that are not UTF-8.
    case invalidUTF8
    /// A `\` with something behind it that is no escape, or half of a surrogate pair.
    case invalidEscape
    /// A number of another kind than the one that must stand here, or too large for it.
    case unexpectedNumber(expected: String)
    /// An object has this key twice.
    case duplicateKey(String)
    /// Arrays and objects inside one another, deeper than the limit.
    case tooDeep(limit: Int)
  }

  /// Where, in bytes from the start.
  public let offset: Int
  /// What is wrong there.
  public let problem: Problem

  /// What is wrong and where: one lower-case clause.
  public var message: String {
    let what =
      switch problem {
      case .unexpectedEnd: "the text ends too soon"
      case .unexpectedByte(let byte, let expected): "\(Self.name(of: byte)) where \(expected) should be"
      case .invalidUTF8: "bytes that are not UTF-8"
      case .invalidEscape: "an escape that does not exist"
      case .unexpectedNumber(let expected): "a number that is not \(expected)"
      case .duplicateKey(let key): "the key `\(key)`, which the object has already"
      case .tooDeep(let limit): "more than \(limit) arrays and objects inside one another"
      }
    return "\(what), at byte \(offset)"
  }

  private static func name(of byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7F ? "`\(Character(UnicodeScalar(byte)))`" : "byte 0x\(String(byte, radix: 16))"
  }
}

extension JSONError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}

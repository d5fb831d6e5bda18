/// Why bytes are not JSON as this compiler writes it.
public enum JSONError: Error, Hashable, Sendable {
  /// Something else was expected at this byte.
  case unexpected(offset: Int)
  /// The bytes end within a value.
  case endOfInput
  /// The bytes of a string are not UTF-8, or an escape in it names no character.
  case invalidString(offset: Int)
  /// A number with a fraction or exponent, or beyond 64 bits.
  case notAnInteger(offset: Int)
  /// An object has this key twice.
  case duplicateKey(String)
  /// Arrays and objects nest deeper than this.
  case tooDeep(limit: Int)
}

extension JSONError: CustomStringConvertible {
  /// What is wrong.
  public var description: String {
    switch self {
    case .unexpected(let offset): "unexpected byte at offset \(offset)"
    case .endOfInput: "the file ends within a value"
    case .invalidString(let offset): "invalid string at offset \(offset)"
    case .notAnInteger(let offset): "the number at offset \(offset) is no 64-bit integer"
    case .duplicateKey(let key): "key `\(key)` occurs twice in one object"
    case .tooDeep(let limit): "values nest more than \(limit) deep"
    }
  }
}

/// Reads JSON (RFC 8259) of integers, strictly: duplicate keys, invalid UTF-8 and anything after the value are errors.
struct JSONReader {
  /// Schemas nest 200 elements deep at most, three levels of JSON each.
  private static let depthLimit = 1_024

  private let bytes: [UInt8]
  private var offset = 0
  private var depth = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func value(of bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var reader = Self(bytes)
    reader.skipWhiteSpace()
    let value = try reader.value()
    reader.skipWhiteSpace()
    guard reader.offset == bytes.count else { throw .unexpected(offset: reader.offset) }
    return value
  }

  private func peek() throws(JSONError) -> UInt8 {
    guard offset < bytes.count else { throw .endOfInput }
    return bytes[offset]
  }

  private mutating func skipWhiteSpace() {
    while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
  }

  /// Passes over `byte` if it comes next.
  private mutating func take(_ byte: Unicode.Scalar) throws(JSONError) -> Bool {
    guard try peek() == UInt8(ascii: byte) else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws(JSONError) {
    guard try take(byte) else { throw .unexpected(offset: offset) }
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    switch try peek() {
    case UInt8(ascii: "{"): return try nested { reader throws(JSONError) in try reader.object() }
    case UInt8(ascii: "["): return try nested { reader throws(JSONError) in try reader.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .integer(try integer())
    }
  }

  private mutating func nested(
    _ body: (inout Self) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for scalar in word.description.unicodeScalars { try expect(scalar) }
    return value
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    try elements(from: "{", to: "}") { reader throws(JSONError) in
      let key = try reader.string()
      reader.skipWhiteSpace()
      try reader.expect(":")
      reader.skipWhiteSpace()
      let value = try reader.value()
      guard members.updateValue(value, forKey: key) == nil else { throw .duplicateKey(key) }
    }
    return .object(members)
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var values: [JSONValue] = []
    try elements(from: "[", to: "]") { reader throws(JSONError) in values.append(try reader.value()) }
    return .array(values)
  }

  private mutating func elements(
    from opening: Unicode.Scalar, to closing: Unicode.Scalar, element: (inout Self) throws(JSONError) -> Void
  ) throws(JSONError) {
    try expect(opening)
    skipWhiteSpace()
    if try take(closing) { return }
    while true {
      try element(&self)
      skipWhiteSpace()
      if try take(closing) { return }
      try expect(",")
      skipWhiteSpace()
    }
  }

  private mutating func integer() throws(JSONError) -> Int {
    let start = offset
    let isNegative = try take("-")
    let digits = offset
    while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
    guard offset > digits else { throw .unexpected(offset: start) }
    let next = offset < bytes.count ? bytes[offset] : 0
    let isFraction = [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(next)
    let hasLeadingZero = bytes[digits] == UInt8(ascii: "0") && (offset > digits + 1 || isNegative)
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard !isFraction, !hasLeadingZero, let value = Int(text) else { throw .notAnInteger(offset: start) }
    return value
  }

  private mutating func string() throws(JSONError) -> String {
    let start = offset
    try expect("\"")
    var text: [UInt8] = []
    while true {
      let byte = try peek()
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw .invalidString(offset: start) }
        return string
      case UInt8(ascii: "\\"):
        text += String(try escape(from: start)).utf8
      case ..<0x20:
        throw .invalidString(offset: start)
      default:
        text.append(byte)
      }
    }
  }

  private mutating func escape(from start: Int) throws(JSONError) -> Unicode.Scalar {
    let byte = try peek()
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try codeUnit(from: start)
      if UTF16.isLeadSurrogate(UInt16(code)) {
        try expect("\\")
        try expect("u")
        let trail = try codeUnit(from: start)
        guard UTF16.isTrailSurrogate(UInt16(trail)) else { throw .invalidString(offset: start) }
        code = 0x10000 + (code - 0xD800) << 10 + (trail - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw .invalidString(offset: start) }
      return scalar
    default:
      throw .invalidString(offset: start)
    }
  }

  /// Four hexadecimal digits.
  private mutating func codeUnit(from start: Int) throws(JSONError) -> UInt32 {
    guard offset + 4 <= bytes.count else { throw .endOfInput }
    let digits = bytes[offset..<offset + 4]
    offset += 4
    var code: UInt32 = 0
    for digit in digits {
      guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { throw .invalidString(offset: start) }
      code = code << 4 | UInt32(value)
    }
    return code
  }
}

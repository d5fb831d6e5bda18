/// A strict reader of JSON (RFC 8259) that stays with the bytes.
///
/// Strings are compared and stored byte by byte, never as `String`, whose equality (canonical equivalence) merges
/// tokens that differ. The caller pulls: objects and arrays are entered, stepped through, read or skipped.
struct JSONReader {
  /// Arrays and objects may lie this deep inside one another.
  static let depthLimit = 128

  private let bytes: [UInt8]
  /// The file's name, for messages.
  private let file: String
  private var offset = 0
  private var depth = 0
  /// An array or object was just entered: no comma stands before its first element.
  private var isFresh = false

  /// - Throws: if the bytes are not UTF-8.
  init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw .malformed(file: file, JSONError(offset: error.byteOffsets.lowerBound, problem: .invalidUTF8))
    }
    self.bytes = bytes
    self.file = file
  }

  /// Makes sure that only white space is left.
  mutating func finish() throws(TokenizerError) {
    skipWhiteSpace()
    guard offset == bytes.count else { throw unexpected("the end") }
  }

  // MARK: Containers

  /// Whether a value of this kind comes next, by its first byte.
  mutating func isNext(_ first: UInt8) -> Bool {
    skipWhiteSpace()
    return offset < bytes.count && bytes[offset] == first
  }

  mutating func enterObject() throws(TokenizerError) { try enter(UInt8(ascii: "{"), "an object") }

  mutating func enterArray() throws(TokenizerError) { try enter(UInt8(ascii: "["), "an array") }

  /// Steps to the next element of the array just entered, or out of it.
  mutating func nextElement() throws(TokenizerError) -> Bool { try step(closing: UInt8(ascii: "]"), "`,` or `]`") }

  /// Steps to the next member of the object just entered and appends its key to `key`, or steps out of the object.
  mutating func nextMember(key: inout [UInt8]) throws(TokenizerError) -> Bool {
    guard try step(closing: UInt8(ascii: "}"), "`,` or `}`") else { return false }
    try readString(appendingTo: &key)
    skipWhiteSpace()
    try expect(UInt8(ascii: ":"), "`:`")
    return true
  }

  private mutating func enter(_ opening: UInt8, _ name: String) throws(TokenizerError) {
    skipWhiteSpace()
    try expect(opening, name)
    guard depth < Self.depthLimit else {
      throw error(at: offset - 1, .tooDeep(limit: Self.depthLimit))
    }
    depth += 1
    isFresh = true
  }

  private mutating func step(closing: UInt8, _ expected: String) throws(TokenizerError) -> Bool {
    skipWhiteSpace()
    if offset < bytes.count, bytes[offset] == closing {
      offset += 1
      depth -= 1
      isFresh = false
      return false
    }
    if isFresh {
      isFresh = false
    } else {
      try expect(UInt8(ascii: ","), expected)
    }
    return true
  }

  // MARK: Scalars

  /// Appends the bytes of a string, its escapes resolved.
  mutating func readString(appendingTo result: inout [UInt8]) throws(TokenizerError) {
    skipWhiteSpace()
    try expect(UInt8(ascii: "\""), "a string")
    var start = offset
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        result.append(contentsOf: bytes[start..<offset])
        offset += 1
        return
      }
      if byte == UInt8(ascii: "\\") {
        result.append(contentsOf: bytes[start..<offset])
        try readEscape(appendingTo: &result)
        start = offset
        continue
      }
      guard byte >= 0x20 else { throw unexpected("a character of a string") }
      offset += 1
    }
    throw unexpected("`\"`")
  }

  /// Reads a whole number of 0 or more, without fraction or exponent.
  mutating func readNaturalNumber() throws(TokenizerError) -> Int {
    skipWhiteSpace()
    let start = offset
    try skipNumber()
    var value = 0
    for byte in bytes[start..<offset] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
        throw error(at: start, .invalidNumber)
      }
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw error(at: start, .invalidNumber) }
      value = sum
    }
    return value
  }

  /// Reads a value of any kind.
  mutating func readValue() throws(TokenizerError) -> JSONValue {
    skipWhiteSpace()
    guard offset < bytes.count else { throw unexpected("a value") }
    switch bytes[offset] {
    case UInt8(ascii: "{"):
      var members: [JSONValue.Member] = []
      try enterObject()
      var key: [UInt8] = []
      while try nextMember(key: &key) {
        members.append(JSONValue.Member(key: String(decoding: key, as: UTF8.self), value: try readValue()))
        key.removeAll(keepingCapacity: true)
      }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try enterArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case UInt8(ascii: "\""):
      var text: [UInt8] = []
      try readString(appendingTo: &text)
      return .string(String(decoding: text, as: UTF8.self))
    case UInt8(ascii: "t"): return try readWord("true", .bool(true))
    case UInt8(ascii: "f"): return try readWord("false", .bool(false))
    case UInt8(ascii: "n"): return try readWord("null", .null)
    default:
      let start = offset
      try skipNumber()
      guard let number = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), number.isFinite else {
        throw error(at: start, .invalidNumber)
      }
      return .number(number)
    }
  }

  /// Passes over a value of any kind.
  mutating func skipValue() throws(TokenizerError) {
    if isNext(UInt8(ascii: "{")) {
      try enterObject()
      var key: [UInt8] = []
      while try nextMember(key: &key) {
        try skipValue()
        key.removeAll(keepingCapacity: true)
      }
    } else if isNext(UInt8(ascii: "[")) {
      try enterArray()
      while try nextElement() { try skipValue() }
    } else {
      _ = try readValue()
    }
  }

  // MARK: Pieces

  private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(TokenizerError) -> JSONValue {
    for byte in word.description.utf8 { try expect(byte, "`\(word)`") }
    return value
  }

  /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?`
  private mutating func skipNumber() throws(TokenizerError) {
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") {
      offset += 1
    } else {
      try skipDigits("a value")
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      try skipDigits("a digit")
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
      try skipDigits("a digit")
    }
  }

  private mutating func skipDigits(_ expected: String) throws(TokenizerError) {
    let start = offset
    while offset < bytes.count, bytes[offset] >= UInt8(ascii: "0"), bytes[offset] <= UInt8(ascii: "9") { offset += 1 }
    guard offset > start else { throw unexpected(expected) }
  }

  private mutating func readEscape(appendingTo result: inout [UInt8]) throws(TokenizerError) {
    let start = offset
    offset += 1
    guard offset < bytes.count else { throw unexpected("an escape") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "u"):
      guard let scalar = readEscapedScalar() else { throw error(at: start, .invalidEscape) }
      result.append(contentsOf: Character(scalar).utf8)
    default: throw error(at: start, .invalidEscape)
    }
  }

  /// The scalar of four hexadecimal digits, or of a surrogate pair: `\u` and four more.
  private mutating func readEscapedScalar() -> UnicodeScalar? {
    guard let unit = readCodeUnit() else { return nil }
    guard UTF16.isLeadSurrogate(unit) else { return UnicodeScalar(unit) }
    guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u") else {
      return nil
    }
    offset += 2
    guard let trail = readCodeUnit(), UTF16.isTrailSurrogate(trail) else { return nil }
    return UnicodeScalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(trail) - 0xDC00)
  }

  private mutating func readCodeUnit() -> UInt16? {
    guard bytes.count - offset >= 4 else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[offset..<offset + 4] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    offset += 4
    return unit
  }

  private mutating func skipWhiteSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      default: return
      }
    }
  }

  private mutating func expect(_ byte: UInt8, _ expected: String) throws(TokenizerError) {
    guard offset < bytes.count, bytes[offset] == byte else { throw unexpected(expected) }
    offset += 1
  }

  private func unexpected(_ expected: String) -> TokenizerError {
    guard offset < bytes.count else { return error(at: offset, .unexpectedEnd) }
    return error(at: offset, .unexpectedByte(bytes[offset], expected: expected))
  }

  private func error(at offset: Int, _ problem: JSONError.Problem) -> TokenizerError {
    .malformed(file: file, JSONError(offset: offset, problem: problem))
  }
}

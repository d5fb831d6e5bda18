/// A strict reader of JSON (RFC 8259) that stays with the bytes.
///
/// The caller pulls: objects and arrays are entered, stepped through, read or skipped. Strings are had as `String`, or as
/// bytes where they must be told apart byte by byte: equality of `String`s is canonical equivalence.
package struct JSONReader: Sendable {
  let rules: JSONRules
  private let bytes: [UInt8]
  private var offset = 0
  private var depth = 0
  /// An array or object was just entered: no comma stands before its first element.
  private var isFresh = false

  /// - Throws: if the bytes are not UTF-8.
  package init(_ bytes: [UInt8], rules: JSONRules = JSONRules()) throws(JSONError) {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw JSONError(offset: error.byteOffsets.lowerBound, problem: .invalidUTF8)
    }
    self.bytes = bytes
    self.rules = rules
  }

  /// Makes sure that only white space is left.
  package mutating func finish() throws(JSONError) {
    guard peek() == nil else { throw unexpected("the end") }
  }

  // MARK: Containers

  /// The first byte of what comes next, `nil` at the end.
  package mutating func peek() -> UInt8? {
    skipWhiteSpace()
    return offset < bytes.count ? bytes[offset] : nil
  }

  /// Whether a value of this kind comes next, by its first byte.
  package mutating func isNext(_ first: Unicode.Scalar) -> Bool { peek() == UInt8(ascii: first) }

  /// Steps into the object that comes next.
  package mutating func enterObject() throws(JSONError) { try enter("{", "an object") }

  /// Steps into the array that comes next.
  package mutating func enterArray() throws(JSONError) { try enter("[", "an array") }

  /// Steps to the next element of the array just entered, or out of it.
  package mutating func nextElement() throws(JSONError) -> Bool { try step(closing: "]", "`,` or `]`") }

  /// Steps to the next member of the object just entered and appends its key to `key`, or steps out of the object.
  package mutating func nextMember(key: inout [UInt8]) throws(JSONError) -> Bool {
    guard try step(closing: "}", "`,` or `}`") else { return false }
    try readString(appendingTo: &key)
    try expect(":", "`:`")
    return true
  }

  /// Steps to the next member of the object just entered, or out of the object.
  ///
  /// - Returns: the member's key, `nil` for none.
  package mutating func nextKey() throws(JSONError) -> String? {
    try nextKeyAndPlace()?.key
  }

  /// The same, and where the key begins.
  mutating func nextKeyAndPlace() throws(JSONError) -> (key: String, start: Int)? {
    guard try step(closing: "}", "`,` or `}`") else { return nil }
    let start = offset
    let key = try readString()
    try expect(":", "`:`")
    return (key, start)
  }

  private mutating func enter(_ opening: Unicode.Scalar, _ name: String) throws(JSONError) {
    try expect(opening, name)
    guard depth < rules.depthLimit else { throw error(at: offset - 1, .tooDeep(limit: rules.depthLimit)) }
    depth += 1
    isFresh = true
  }

  private mutating func step(closing: Unicode.Scalar, _ expected: String) throws(JSONError) -> Bool {
    if isNext(closing) {
      offset += 1
      depth -= 1
      isFresh = false
      return false
    }
    if isFresh {
      isFresh = false
    } else {
      try expect(",", expected)
    }
    skipWhiteSpace()
    return true
  }

  // MARK: Scalars

  /// Appends the bytes of a string, its escapes resolved.
  package mutating func readString(appendingTo result: inout [UInt8]) throws(JSONError) {
    try expect("\"", "a string")
    while true {
      let start = offset
      try skipPlainCharacters()
      result.append(contentsOf: bytes[start..<offset])
      if take("\"") { return }
      result.append(contentsOf: String(try readEscape()).utf8)
    }
  }

  /// Reads a string.
  package mutating func readString() throws(JSONError) -> String {
    var text: [UInt8] = []
    try readString(appendingTo: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads a whole number of 64 bits, without fraction or exponent.
  package mutating func readInteger() throws(JSONError) -> Int {
    let (start, text) = try numberText()
    guard let value = Self.integer(text) else {
      throw error(at: start, .unexpectedNumber(expected: "a 64-bit integer"))
    }
    return value
  }

  /// Reads a whole number of 0 or more, without fraction or exponent.
  package mutating func readNaturalNumber() throws(JSONError) -> Int {
    let (start, text) = try numberText()
    guard let value = Self.integer(text), value >= 0 else {
      throw error(at: start, .unexpectedNumber(expected: "a whole one of 0 or more"))
    }
    return value
  }

  /// Reads a number of any kind, as the rules have it.
  mutating func readNumber() throws(JSONError) -> JSONValue {
    if rules.allowsNonFinite, let value = takeNonFinite() { return .number(value) }
    let (start, text) = try numberText()
    if let value = Self.integer(text) { return .integer(value) }
    guard rules.allowsFractions else { throw error(at: start, .unexpectedNumber(expected: "a 64-bit integer")) }
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite || rules.allowsNonFinite else {
      throw error(at: start, .unexpectedNumber(expected: "in the range of double precision"))
    }
    return .number(value)
  }

  /// The number that Python writes as a word, if one comes next.
  private mutating func takeNonFinite() -> Double? {
    skipWhiteSpace()
    let words: [(StaticString, Double)] = [("NaN", .nan), ("Infinity", .infinity), ("-Infinity", -.infinity)]
    for (word, value) in words where bytes[offset...].starts(with: word.description.utf8) {
      offset += word.utf8CodeUnitCount
      return value
    }
    return nil
  }

  /// Passes over a word that JSON has: `true`, `false`, `null`.
  mutating func readWord(_ word: StaticString) throws(JSONError) {
    skipWhiteSpace()
    for scalar in word.description.unicodeScalars {
      guard take(scalar) else { throw unexpected("`\(word)`") }
    }
  }

  /// Passes over a value of any kind, as strictly as if it were read.
  package mutating func skipValue() throws(JSONError) {
    switch peek() {
    case UInt8(ascii: "{"):
      try enterObject()
      while try step(closing: "}", "`,` or `}`") {
        try skipString()
        try expect(":", "`:`")
        try skipValue()
      }
    case UInt8(ascii: "["):
      try enterArray()
      while try nextElement() { try skipValue() }
    case UInt8(ascii: "\""): try skipString()
    default: _ = try readValue()
    }
  }

  private mutating func skipString() throws(JSONError) {
    try expect("\"", "a string")
    while true {
      try skipPlainCharacters()
      if take("\"") { return }
      _ = try readEscape()
    }
  }

  // MARK: Pieces

  /// Passes over a string's characters up to its end or an escape.
  private mutating func skipPlainCharacters() throws(JSONError) {
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
      guard byte >= 0x20 else { throw unexpected("a character of a string") }
      offset += 1
    }
    throw unexpected("`\"`")
  }

  /// Where the number that comes next begins, and its text:
  /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?`
  private mutating func numberText() throws(JSONError) -> (start: Int, text: ArraySlice<UInt8>) {
    skipWhiteSpace()
    let start = offset
    _ = take("-")
    if !take("0") { try skipDigits("a value") }
    if take(".") { try skipDigits("a digit") }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try skipDigits("a digit")
    }
    return (start, bytes[start..<offset])
  }

  private mutating func skipDigits(_ expected: String) throws(JSONError) {
    let start = offset
    while offset < bytes.count, bytes[offset] >= UInt8(ascii: "0"), bytes[offset] <= UInt8(ascii: "9") { offset += 1 }
    guard offset > start else { throw unexpected(expected) }
  }

  /// The integer that a number's text spells; `nil` for a fraction, an exponent, −0, and beyond 64 bits.
  private static func integer(_ text: ArraySlice<UInt8>) -> Int? {
    let isNegative = text.first == UInt8(ascii: "-")
    var value = 0
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let digit = Int(byte - UInt8(ascii: "0"))
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) =
        isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return isNegative && value == 0 ? nil : value
  }

  private mutating func readEscape() throws(JSONError) -> Unicode.Scalar {
    let start = offset
    offset += 1  // the `\`
    guard offset < bytes.count else { throw unexpected("an escape") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let scalar = readEscapedScalar() else { throw error(at: start, .invalidEscape) }
      return scalar
    default: throw error(at: start, .invalidEscape)
    }
  }

  /// The scalar of four hexadecimal digits, or of a surrogate pair: `\u` and four more.
  private mutating func readEscapedScalar() -> Unicode.Scalar? {
    guard let unit = readCodeUnit() else { return nil }
    guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) }
    guard take("\\"), take("u"), let trail = readCodeUnit(), UTF16.isTrailSurrogate(trail) else { return nil }
    return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(trail) - 0xDC00)
  }

  private mutating func readCodeUnit() -> UInt16? {
    guard bytes.count - offset >= 4 else { return nil }
    var unit: UInt16 = 0
    for byte in bytes[offset..<offset + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
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

  /// Passes over this character if it stands right here.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar, _ expected: String) throws(JSONError) {
    skipWhiteSpace()
    guard take(character) else { throw unexpected(expected) }
  }

  private func unexpected(_ expected: String) -> JSONError {
    guard offset < bytes.count else { return error(at: offset, .unexpectedEnd) }
    return error(at: offset, .unexpectedByte(bytes[offset], expected: expected))
  }

  func error(at offset: Int, _ problem: JSONError.Problem) -> JSONError {
    JSONError(offset: offset, problem: problem)
  }
}

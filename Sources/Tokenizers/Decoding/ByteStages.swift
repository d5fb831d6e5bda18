/// Makes text of tokens spelled in `ByteAlphabet`.
struct ByteLevelStage: DecodingStage {
  private var token: [UInt8] = []
  private var repair = UTF8Repair()

  mutating func process(_ fragment: Fragment) -> [Fragment] {
    token += fragment.bytes
    guard fragment.endsToken else { return [] }
    var result: [UInt8] = []
    for byte in Self.bytes(spelledBy: token) ?? token { repair.append(byte, to: &result) }
    token.removeAll(keepingCapacity: true)
    return [Fragment(bytes: result, endsToken: false)]
  }

  mutating func finish() -> [Fragment] {
    var result: [UInt8] = []
    repair.finish(appendingTo: &result)
    return [Fragment(bytes: result, endsToken: true)]
  }

  /// `nil` if one of the characters stands for no byte; then the token stands for itself.
  static func bytes(spelledBy token: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    var index = 0
    while index < token.count {
      let (codePoint, end) = UTF8Character.decode(token, at: index)
      guard let byte = ByteAlphabet.byte(of: codePoint) else { return nil }
      bytes.append(byte)
      index = end
    }
    return bytes
  }
}

/// Makes text of runs of tokens like `<0xE4>`: U+FFFD for each of them, if a run is not UTF-8 from end to end.
///
/// So a run's text is known once it ends.
struct ByteFallbackStage: DecodingStage {
  private var token: [UInt8] = []
  private var run: [UInt8] = []

  mutating func process(_ fragment: Fragment) -> [Fragment] {
    token += fragment.bytes
    guard fragment.endsToken else { return [] }
    defer { token.removeAll(keepingCapacity: true) }
    if let byte = Self.byte(spelledBy: token) {
      run.append(byte)
      return []
    }
    return finish() + [Fragment(bytes: token, endsToken: true)]
  }

  mutating func finish() -> [Fragment] {
    guard !run.isEmpty else { return [] }
    defer { run.removeAll(keepingCapacity: true) }
    if (try? UTF8Span(validating: run.span)) != nil { return [Fragment(bytes: run, endsToken: true)] }
    return run.map { _ in Fragment(bytes: UTF8Repair.replacement, endsToken: true) }
  }

  /// The token that stands for a byte.
  static func spelling(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }

  /// The byte of a token `<0x00>` to `<0xFF>`.
  static func byte(spelledBy token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">") else { return nil }
    guard let high = digit(token[3]), let low = digit(token[4]) else { return nil }
    return high << 4 | low
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
  }
}

import PMLCompiler

/// One token per UTF-8 byte, so that positions can be counted by eye.
struct ByteTokenizer: TextTokenizer {
  static let bos: TokenID = 1
  static let fill: TokenID = 2
  static let rest: TokenID = 3

  var beginOfSequence: TokenID? = Self.bos
  var restToken: TokenID?
  var placeholder: TokenID = Self.fill
  var contextLength = 4_096
  var originalContextLength: Int?
  var embeddedTokenCount = Int.max

  func tokens(of text: String) -> [TokenID] { text.utf8.map(TokenID.init) }

  func spelling(of token: TokenID) -> String { String(UnicodeScalar(UInt8(truncatingIfNeeded: token))) }

  /// A template's bytes lie above a text's, so that one is not taken for the other.
  func tokens(ofTemplate text: String) -> [TokenID] { text.utf8.map { TokenID($0) + 1_000 } }
}

extension [TokenID] {
  /// What `ByteTokenizer` made these of: BOS as `^`, the rest token as `$`, a placeholder's fill as `_`, template text in
  /// upper case.
  var spelled: String {
    map { token -> String in
      switch token {
      case ByteTokenizer.bos: "^"
      case ByteTokenizer.rest: "$"
      case ByteTokenizer.fill: "_"
      case 1_000...: String(UnicodeScalar(UInt8(token - 1_000))).uppercased()
      default: String(UnicodeScalar(UInt8(token)))
      }
    }.joined()
  }
}

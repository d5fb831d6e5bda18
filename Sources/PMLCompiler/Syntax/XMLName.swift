/// Names as XML 1.0 (fifth edition) and its name spaces have them.
enum XMLName {
  /// Whether `name` is an NCName: a name without a colon.
  static func isUnprefixed(_ name: some StringProtocol) -> Bool {
    var scalars = name.unicodeScalars.makeIterator()
    guard let first = scalars.next(), isStart(first) else { return false }
    while let scalar = scalars.next() {
      guard isStart(scalar) || isLater(scalar) else { return false }
    }
    return true
  }

  /// `NameStartChar`, less the colon.
  private static func isStart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "_": true
    case "\u{C0}"..."\u{D6}", "\u{D8}"..."\u{F6}", "\u{F8}"..."\u{2FF}", "\u{370}"..."\u{37D}",
      "\u{37F}"..."\u{1FFF}", "\u{200C}"..."\u{200D}", "\u{2070}"..."\u{218F}", "\u{2C00}"..."\u{2FEF}",
      "\u{3001}"..."\u{D7FF}", "\u{F900}"..."\u{FDCF}", "\u{FDF0}"..."\u{FFFD}", "\u{10000}"..."\u{EFFFF}":
      true
    default: false
    }
  }

  /// What `NameChar` has beyond `NameStartChar`.
  private static func isLater(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "0"..."9", "-", ".", "\u{B7}", "\u{300}"..."\u{36F}", "\u{203F}"..."\u{2040}": true
    default: false
    }
  }
}

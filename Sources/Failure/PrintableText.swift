// Text from documents, archives, model files and the system can hold escape sequences, bells, line breaks and characters
// that reverse the reading direction. This file is the one way in which such text becomes safe to print.

extension StringProtocol {
  /// The text on one line, safe for a terminal: what would act on one, or not be seen, is written as an escape.
  ///
  /// Line feed, carriage return and tab become `\n`, `\r` and `\t`; other control and format characters (escape, bell,
  /// bidirectional controls, zero-width characters, tags, line separators) become `\u{1b}` and the like. Applying it twice
  /// changes nothing more.
  ///
  /// - Parameter limit: Unicode scalars of the text to show at most; `…` stands for the rest.
  public func printable(limit: Int = .max) -> String {
    var shown = ""
    for (index, scalar) in unicodeScalars.enumerated() {
      if index == limit { return shown + "…" }
      if scalar.isPrintable {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += scalar.visibleEscape
      }
    }
    return shown
  }

  /// The user's own words in a message: printable, in backquotes, cut where they are long.
  public func quoted(limit: Int = 60) -> String { "`\(printable(limit: limit))`" }

  /// JSON text whose strings mean the same, with each character that is not printable written as `\u001b` and the like.
  public var printableJSON: String {
    guard unicodeScalars.contains(where: { !$0.isPrintable && $0 != "\n" }) else { return String(self) }
    var shown = ""
    for scalar in unicodeScalars {
      // White space between values is no part of a string: JSON has none of these in strings.
      if scalar.isPrintable || scalar == "\n" || scalar == "\r" || scalar == "\t" {
        shown.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return shown
  }
}

extension Unicode.Scalar {
  /// Whether a terminal shows it and does nothing else: it is neither a control or format character, a line or paragraph
  /// separator, nor one that has no appearance. The two selectors of text and emoji style count as printable.
  public var isPrintable: Bool {
    if isASCII { return value >= 0x20 && value != 0x7F }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return !properties.isDefaultIgnorableCodePoint || value == 0xFE0E || value == 0xFE0F
    }
  }

  fileprivate var visibleEscape: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16))}"
    }
  }
}

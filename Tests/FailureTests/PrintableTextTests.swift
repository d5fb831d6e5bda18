import Failure
import Testing

@Suite struct PrintableTextTests {
  @Test(arguments: [
    ("\u{1B}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}"),
    ("a\nb\r\nc\td", "a\\nb\\r\\nc\\td"),
    ("\u{9B}31m", "\\u{9b}31m"),  // CSI in one character
    ("\u{202E}txt.exe\u{2066}", "\\u{202e}txt.exe\\u{2066}"),
    ("a\u{2028}b\u{2029}c", "a\\u{2028}b\\u{2029}c"),
    ("a\u{200B}b\u{FEFF}c\u{AD}d", "a\\u{200b}b\\u{feff}c\\u{ad}d"),
    ("\u{E0041}\u{E0101}", "\\u{e0041}\\u{e0101}"),  // a tag, and a selector in which data can hide
    ("\u{3164}", "\\u{3164}"),  // a letter without appearance
    ("\u{7F}\u{0}", "\\u{7f}\\u{0}"),
  ])
  func escapesWhatActsOnATerminalOrHides(text: String, shown: String) {
    #expect(text.printable() == shown)
    #expect(shown.printable() == shown)
  }

  @Test(arguments: ["", "unit.py", "東京 \\ `x`", "❤\u{FE0F} é e\u{301}", "…"])
  func leavesTheRest(text: String) {
    #expect(Array(text.printable().unicodeScalars) == Array(text.unicodeScalars))
  }

  @Test func cutsLongText() {
    let long = String(repeating: "x", count: 1 << 20)
    #expect(long.printable(limit: 5) == "xxxxx…")
    #expect(long.quoted() == "`" + String(repeating: "x", count: 60) + "…`")
    #expect("12345".printable(limit: 5) == "12345")
    #expect("a\u{1B}b".quoted() == "`a\\u{1b}b`")
  }

  @Test func jsonKeepsItsMeaning() {
    #expect("{\"a\":\"\u{202E}\u{9B}\u{7F}é\"}\n".printableJSON == "{\"a\":\"\\u202e\\u009b\\u007fé\"}\n")
    #expect("[\"\u{E0041}\"]".printableJSON == "[\"\\udb40\\udc41\"]")
  }
}

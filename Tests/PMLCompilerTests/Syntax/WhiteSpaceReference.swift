import PMLCompiler
import Testing

/// The rules for white space as the language reference has them, one after the other, slowly.
private struct WhiteSpaceReference {
  private static let space: Set<Unicode.Scalar> = [" ", "\t", "\n", "\r"]

  /// What is left of a run; `_` at its end is a space that moves on.
  static func settle(_ text: String, isFirst: Bool, beforeParameter: Bool) -> String {
    let space = beforeParameter ? "_" : " "
    if text.unicodeScalars.allSatisfy(Self.space.contains) {
      return text.isEmpty || text.unicodeScalars.contains("\n") || isFirst ? "" : space
    }
    // 1. Lines after the first lose what the ones that are not blank share.
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    let indentations = lines.dropFirst().filter { !$0.allSatisfy(Self.space.contains) }.map {
      Array($0.prefix(while: Self.space.contains))
    }
    var shared = indentations.first ?? []
    for indentation in indentations {
      while !indentation.starts(with: shared) { shared.removeLast() }
    }
    for index in lines.indices.dropFirst() {
      var rest = shared[...]
      while let next = rest.popFirst(), lines[index].first == next { lines[index].removeFirst() }
    }
    var scalars = Array(lines.joined(separator: ["\n"]))
    // 2. The start.
    let start = scalars.prefix(while: Self.space.contains)
    scalars.removeFirst(start.count)
    let head = start.isEmpty || isFirst ? "" : start.contains("\n") ? "\n" : " "
    // 3. The end.
    var end: [Unicode.Scalar] = []
    while let last = scalars.last, Self.space.contains(last) { end.append(scalars.removeLast()) }
    let tail = end.isEmpty || end.contains("\n") ? "" : space
    return head + String(String.UnicodeScalarView(scalars)) + tail
  }
}

@Suite struct WhiteSpaceReferenceTests {
  @Test func randomRunsAreSettledAsTheRulesSay() throws {
    var random = SplitMix(state: 11)
    let alphabet: [(text: String, source: String)] = [
      (" ", " "), (" ", "&#32;"), ("\t", "\t"), ("\n", "\n"), ("\n", "\r\n"), ("\n", "&#10;"), ("\r", "&#13;"),
      ("a", "a"), ("é", "é"),
      ("<", "<![CDATA[<]]>"), (" ", "<![CDATA[ ]]>"), ("", "<!-- \n x -->"), ("\u{A0}", "\u{A0}"), ("\n  ", "\n  "),
      ("\n    ", "\n    "), ("\n\t", "\n\t"),
    ]
    for _ in 0..<3_000 {
      let pieces = (0..<Int.random(in: 0...14, using: &random)).compactMap { _ in alphabet.randomElement(using: &random)
      }
      let (text, run) = (pieces.map(\.text).joined(), pieces.map(\.source).joined())
      let (isFirst, beforeParameter) = (Bool.random(using: &random), Bool.random(using: &random))
      let schema = try lowered(
        "<schema name=\"s\">\(isFirst ? "" : ".")<module name=\"m\">\(run)"
          + (beforeParameter ? "<parameter name=\"p\" length=\"1\" scaffold=\"\"/>" : "<module name=\"n\">.</module>")
          + "</module></schema>")
      guard case .module(let module)? = schema.nodes.last else {
        Issue.record("no module")
        return
      }
      let found = module.nodes.map { node in
        switch node {
        case .text(let run): run.text
        case .parameter(let parameter): parameter.leadingSpace ? "_" : ""
        default: ""
        }
      }.joined()
      let expected = WhiteSpaceReference.settle(text, isFirst: isFirst, beforeParameter: beforeParameter)
      #expect(Array(found.utf8) == Array(expected.utf8), "\(run.debugDescription)")
    }
  }
}

/// Random numbers that are the same each time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// The rules for white space in a run of text between two tags.
///
/// White space is XML's four characters; a newline is a line feed, as XML makes of every line break in a file. Characters
/// that came from references or CDATA sections count like others.
enum WhiteSpace {
  /// What becomes of a run.
  struct Settled: Equatable {
    /// The text; empty where nothing is left.
    var text: [UInt8] = []
    /// Whether a space at its end goes to the parameter that follows.
    var movesSpace = false
  }

  /// Settles a run by the rules, which are numbered as in the language reference.
  ///
  /// - Parameters:
  ///   - isFirst: the text would stand at position 0.
  ///   - beforeParameter: the next sibling is a parameter.
  static func settle(_ run: [UInt8], isFirst: Bool, beforeParameter: Bool) -> Settled {
    guard let first = run.firstIndex(where: { !$0.isXMLSpace }),
      let last = run.lastIndex(where: { !$0.isXMLSpace })
    else {
      // Rule 4: white space alone.
      guard !run.isEmpty, !run.contains(newline), !isFirst else { return Settled() }
      return beforeParameter ? Settled(movesSpace: true) : Settled(text: [space])
    }
    var settled = Settled()
    // Rule 2: leading white space.
    if first > 0, !isFirst { settled.text.append(run[..<first].contains(newline) ? newline : space) }
    // Rule 1: common indentation of the lines after the first. Those that lie in the leading white space are gone.
    appendUnindented(run, first...last, by: sharedIndentation(of: run), to: &settled.text)
    // Rule 3: trailing white space.
    if last + 1 < run.count, !run[(last + 1)...].contains(newline) {
      if beforeParameter { settled.movesSpace = true } else { settled.text.append(space) }
    }
    return settled
  }

  /// The last run of a prompt's new text: as any, but without white space at its end.
  static func settleLast(_ run: [UInt8], isFirst: Bool) -> [UInt8] {
    let end = run.lastIndex { !$0.isXMLSpace }.map { $0 + 1 } ?? 0
    return settle(Array(run[..<end]), isFirst: isFirst, beforeParameter: false).text
  }

  private static let newline = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  /// The longest white space with which every line after the first begins that is not blank.
  private static func sharedIndentation(of run: [UInt8]) -> ArraySlice<UInt8> {
    var shared: ArraySlice<UInt8>?
    var lineStart = run.firstIndex(of: newline).map { $0 + 1 }
    while let start = lineStart {
      let textStart = run[start...].firstIndex { !$0.isXMLSpace || $0 == newline } ?? run.count
      if textStart < run.count, run[textStart] != newline {
        let indentation = run[start..<textStart]
        shared = shared.map { $0.prefix(commonLength($0, indentation)) } ?? indentation
        if shared?.isEmpty == true { break }
      }
      lineStart = run[textStart...].firstIndex(of: newline).map { $0 + 1 }
    }
    return shared ?? []
  }

  private static func appendUnindented(
    _ run: [UInt8], _ part: ClosedRange<Int>, by indentation: ArraySlice<UInt8>, to text: inout [UInt8]
  ) {
    guard !indentation.isEmpty else { return text += run[part] }
    var start = part.lowerBound
    while let lineEnd = run[start...part.upperBound].firstIndex(of: newline) {
      text += run[start...lineEnd]
      start = lineEnd + 1
      // A blank line has no more to lose than it has.
      start += commonLength(indentation, run[start...part.upperBound])
    }
    text += run[start...part.upperBound]
  }

  private static func commonLength(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
    zip(left, right).prefix { $0 == $1 }.count
  }
}

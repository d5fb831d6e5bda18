/// Why a document is not read; the checking ends there.
struct XMLFault: Error {
  let problem: XMLProblem
  let range: Range<Int>

  init(_ problem: XMLProblem, _ range: Range<Int>) {
    self.problem = problem
    self.range = range
  }
}

/// Reads a document into a tree with exact places.
enum XMLParser {
  /// Characters that are taken for text though they are none, before the reading ends…
  private static let mostRawCharacters = 100
  /// …and bytes that are read again for them, so that time stays linear in a document's size.
  private static let mostBytesReadAgain = 4 * DocumentLimits.bytes

  /// The root element.
  ///
  /// - Parameter onRawCharacter: told each `&` and `<` that should have been written as a reference. They are taken for text, and
  ///   the rest is read, so that one run finds all.
  /// - Throws: the first other reason for which the document is not well-formed XML in UTF-8 within the limits.
  static func parse(_ source: SourceFile, onRawCharacter: (XMLFault) -> Void) throws(XMLFault) -> XMLElement {
    var bytes = source.bytes
    let attempts = min(mostRawCharacters, mostBytesReadAgain / max(bytes.count, 1))
    for _ in 0..<attempts {
      do throws(XMLFault) {
        return try parse(bytes)
      } catch {
        guard error.problem.isRawCharacter, bytes.indices.contains(error.range.lowerBound) else { throw error }
        onRawCharacter(error)
        // Whatever is text, and one byte long.
        bytes[error.range.lowerBound] = UInt8(ascii: "_")
      }
    }
    return try parse(bytes)
  }

  private static func parse(_ bytes: [UInt8]) throws(XMLFault) -> XMLElement {
    guard bytes.count <= DocumentLimits.bytes else { throw XMLFault(.documentTooLarge, 0..<0) }
    let start = try TextEncoding.check(bytes)
    let markup = try Markup(bytes, from: start)
    let document = try LibXML2Document(bytes, from: start, markup: markup)
    guard let root = document.tree(markup, of: bytes) else {
      throw XMLFault(.malformed("it cannot be read"), start..<start)
    }
    return root
  }
}

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
  /// The root element.
  ///
  /// - Throws: the first reason for which the document is not well-formed XML in UTF-8 within the limits.
  static func parse(_ source: SourceFile) throws(XMLFault) -> XMLElement {
    let bytes = source.bytes
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

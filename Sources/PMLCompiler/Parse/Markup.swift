/// Where the tags of a document and their attributes stand.
///
/// libxml2 reads the document, but says nothing of where an attribute stands, and takes quadratic time over the attributes
/// of one element. So the places are found here first, and the limits held. On what is well formed the two agree; at
/// what is not, the scan ends, and libxml2 says what is wrong.
struct Markup {
  /// An element's start tag.
  struct Tag {
    fileprivate(set) var start: Int32
    fileprivate(set) var nameEnd: Int32
    /// After the start tag's `>`.
    fileprivate(set) var end: Int32
    /// After the end tag's `>`; the end of the start tag as long as there is none.
    fileprivate(set) var elementEnd: Int32
    fileprivate(set) var firstAttribute: Int32
    fileprivate(set) var attributeCount: Int32

    var range: Range<Int> { Int(start)..<Int(end) }
    var name: Range<Int> { Int(start) + 1..<Int(nameEnd) }
    var element: Range<Int> { Int(start)..<Int(elementEnd) }
    var attributes: Range<Int> { Int(firstAttribute)..<Int(firstAttribute) + Int(attributeCount) }
  }

  /// An attribute's places; the value's are those between the quotes.
  struct Attribute {
    let name: Range<Int>
    let value: Range<Int>
  }

  /// Markup at which the scan ended, since it has no end or is no tag.
  struct Unread {
    enum Kind { case comment, section, instruction, endTag, startTag }

    let kind: Kind
    let start: Int
    /// The name in the tag; empty elsewhere.
    let name: Range<Int>
    /// The name of the attribute in whose middle the scan ended.
    var attribute: Range<Int>?
  }

  /// An end tag with another name than the element that it would end.
  struct Mismatch {
    let open: Range<Int>
    let close: Range<Int>
  }

  /// Start tags in document order.
  private(set) var tags: [Tag] = []
  /// Attributes of all tags.
  private(set) var attributes: [Attribute] = []
  /// Indices of the tags of elements without an end.
  private(set) var open: [Int] = []
  /// The first end tag that does not fit; the scan ends there.
  private(set) var mismatch: Mismatch?
  /// What could not be read; the scan ends there.
  private(set) var unread: Unread?

  /// Scans `bytes` from `start`.
  ///
  /// - Throws: a limit that is exceeded, or a document type declaration.
  init(_ bytes: [UInt8], from start: Int) throws(XMLFault) {
    var cursor = ByteCursor(bytes, at: start)
    while unread == nil, mismatch == nil, cursor.skip(to: UInt8(ascii: "<")) {
      let start = cursor.offset
      if cursor.skip("<!--") {
        if !cursor.skip(past: "-->") { stop(at: start, .comment) }
      } else if cursor.skip("<![CDATA[") {
        if !cursor.skip(past: "]]>") { stop(at: start, .section) }
      } else if cursor.skip("<?") {
        if !cursor.skip(past: "?>") { stop(at: start, .instruction) }
      } else if cursor.skip("<!DOCTYPE") {
        throw XMLFault(.documentType, start..<cursor.offset)
      } else if cursor.skip("</") {
        closeElement(&cursor, from: start)
      } else {
        cursor.advance()
        try openElement(&cursor, from: start)
      }
    }
  }

  private mutating func stop(
    at start: Int, _ kind: Unread.Kind, name: Range<Int> = 0..<0, attribute: Range<Int>? = nil
  ) {
    unread = Unread(kind: kind, start: start, name: name, attribute: attribute)
  }

  private mutating func closeElement(_ cursor: inout ByteCursor, from start: Int) {
    let name = cursor.skipName()
    cursor.skipSpace()
    guard !name.isEmpty, cursor.skip(">"), let last = open.last else { return stop(at: start, .endTag, name: name) }
    guard cursor.bytes[tags[last].name].elementsEqual(cursor.bytes[name]) else {
      mismatch = Mismatch(open: tags[last].name, close: name)
      return
    }
    tags[last].elementEnd = Int32(cursor.offset)
    open.removeLast()
  }

  private mutating func openElement(_ cursor: inout ByteCursor, from start: Int) throws(XMLFault) {
    let name = cursor.skipName()
    guard !name.isEmpty else { return stop(at: start, .startTag, name: name) }
    let first = attributes.count
    guard let isEmpty = try scanAttributes(&cursor, of: name) else { return }
    guard tags.count < DocumentLimits.elements else { throw XMLFault(.tooManyElements, name) }
    guard open.count < DocumentLimits.depth else { throw XMLFault(.nestedTooDeep, name) }
    if !isEmpty { open.append(tags.count) }
    let end = Int32(cursor.offset)
    tags.append(
      Tag(
        start: Int32(start), nameEnd: Int32(name.upperBound), end: end, elementEnd: end,
        firstAttribute: Int32(first), attributeCount: Int32(attributes.count - first)))
  }

  /// Whether the tag is that of an empty element; `nil` where it cannot be read.
  private mutating func scanAttributes(_ cursor: inout ByteCursor, of tag: Range<Int>) throws(XMLFault) -> Bool? {
    let first = attributes.count
    while true {
      let hasSpace = cursor.skipSpace()
      if cursor.skip("/>") { return true }
      if cursor.skip(">") { return false }
      let name = cursor.skipName()
      guard hasSpace, !name.isEmpty else {
        stop(at: tag.lowerBound - 1, .startTag, name: tag)
        return nil
      }
      cursor.skipSpace()
      let hasEqualsSign = cursor.skip("=")
      cursor.skipSpace()
      guard hasEqualsSign, let value = cursor.skipQuoted() else {
        stop(at: tag.lowerBound - 1, .startTag, name: tag, attribute: name)
        return nil
      }
      guard attributes.count - first < DocumentLimits.attributes else {
        throw XMLFault(.tooManyAttributes(element: String(decoding: cursor.bytes[tag], as: UTF8.self)), name)
      }
      attributes.append(Attribute(name: name, value: value))
    }
  }
}

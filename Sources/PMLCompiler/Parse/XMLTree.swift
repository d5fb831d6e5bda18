/// An element of a well-formed document, with the places of its parts in the bytes of its file.
struct XMLElement: Sendable {
  /// The name as written, a prefix included.
  let name: String
  /// From `<` to `>`.
  let startTag: Range<Int>
  /// From the start tag's `<` to the end tag's `>`.
  let range: Range<Int>
  /// In document order; declarations of namespaces are attributes like others.
  let attributes: [XMLAttribute]
  /// In document order. Two texts never stand side by side; comments and processing instructions are not here.
  let content: [XMLContent]

  /// The name in the start tag.
  var nameRange: Range<Int> {
    startTag.lowerBound + 1..<min(startTag.lowerBound + 1 + name.utf8.count, startTag.upperBound)
  }

  /// The attribute with this name.
  func attribute(_ name: String) -> XMLAttribute? { attributes.first { $0.name == name } }
}

/// An attribute and its places.
struct XMLAttribute: Sendable {
  /// The name as written, a prefix included.
  let name: String
  /// The value as XML has it: references replaced, white space characters made spaces.
  let value: String
  /// The name.
  let nameRange: Range<Int>
  /// The value, without its quotes.
  let valueRange: Range<Int>

  /// The places of the value's first `count` words, the parts between white space; that of the whole value for each
  /// where references stand in it.
  func wordRanges(in file: [UInt8], count: Int) -> [Range<Int>] {
    guard !file[valueRange].contains(UInt8(ascii: "&")) else { return Array(repeating: valueRange, count: count) }
    let words = file[valueRange].split(maxSplits: count, whereSeparator: \.isXMLSpace)
    return words.prefix(count).map { $0.startIndex..<$0.endIndex }
  }
}

/// What stands between two tags, or an element.
enum XMLContent: Sendable {
  case text(XMLText)
  case element(XMLElement)
}

/// A run of text between two tags, CDATA sections and references replaced by what they stand for.
struct XMLText: Sendable {
  /// UTF-8, line breaks as line feeds.
  let bytes: [UInt8]
  /// Where it begins in the file: the end of the tag before it.
  let start: Int

  /// Whether it is white space alone.
  var isBlank: Bool { bytes.allSatisfy(\.isXMLSpace) }
}

extension UInt8 {
  /// Whether it is one of XML's four white space characters.
  var isXMLSpace: Bool { self == 0x20 || self == 0x0A || self == 0x09 || self == 0x0D }
}

extension XMLText {
  /// From its first character that is not white space to its last; comments around it and white space are left out.
  func visibleRange(in file: [UInt8]) -> Range<Int> {
    var cursor = ByteCursor(file, at: start)
    var first: Int?
    var end = start
    while let byte = cursor.byte {
      if byte.isXMLSpace {
        cursor.advance()
        continue
      }
      if cursor.skip("<!--") {
        _ = cursor.skip(past: "-->")
        continue
      }
      if cursor.skip("<?") {
        _ = cursor.skip(past: "?>")
        continue
      }
      let here = cursor.offset
      if cursor.skip("<![CDATA[") {
        _ = cursor.skip(past: "]]>")
      } else if byte == UInt8(ascii: "<") {
        break
      } else {
        cursor.advance()
      }
      first = first ?? here
      end = cursor.offset
    }
    return (first ?? start)..<max(end, first ?? start)
  }
}

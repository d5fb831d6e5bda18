internal import CLibXML2

/// The error at which libxml2 gave up, with the number of bytes that it had taken by then.
///
/// That number is only near the mistake: libxml2 takes runs of text at once, and reads ahead where characters have
/// several bytes. So each range is found in the document's bytes, from there.
struct LibXML2Error {
  enum Code {
    case documentType
    case libxml2(xmlParserErrors)

    /// `nil` for what is no reason to give up: libxml2's remarks on name spaces, which the compiler refuses elsewhere.
    init?(_ error: xmlError) {
      let code = xmlParserErrors(UInt32(bitPattern: unsafe error.code))
      guard unsafe error.level == XML_ERR_FATAL || code == XML_WAR_UNKNOWN_VERSION else { return nil }
      self = .libxml2(code)
    }
  }

  let code: Code
  let offset: Int
  let message: String

  /// What is wrong and where exactly, which libxml2 tells only nearly.
  func fault(in bytes: [UInt8], from start: Int, markup: Markup) -> XMLFault {
    let place = Place(bytes: bytes, start: start, offset: min(start + offset, bytes.count), markup: markup)
    guard case .libxml2(let code) = code else { return XMLFault(.documentType, place.here) }
    if let fault = place.declaration(code, message) { return fault }
    return switch code {
    case XML_ERR_NAME_REQUIRED: place.nameMissing(message)
    case XML_ERR_ENTITYREF_SEMICOL_MISSING: place.rawAmpersand
    case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY:
      XMLFault(.unknownEntity(place.text(place.back(to: "&")).trimmingReference), place.back(to: "&"))
    case XML_ERR_INVALID_CHARREF, XML_ERR_INVALID_HEX_CHARREF, XML_ERR_INVALID_DEC_CHARREF, XML_ERR_INVALID_CHAR:
      XMLFault(.invalidReference(place.text(place.back(to: "&"))), place.back(to: "&"))
    case XML_ERR_TAG_NAME_MISMATCH: place.mismatch()
    case XML_ERR_TAG_NOT_FINISHED: place.unclosedElement()
    case XML_ERR_LT_IN_ATTRIBUTE, XML_ERR_ATTRIBUTE_NOT_STARTED, XML_ERR_ATTRIBUTE_NOT_FINISHED,
      XML_ERR_ATTRIBUTE_WITHOUT_VALUE, XML_ERR_SPACE_REQUIRED, XML_ERR_GT_REQUIRED:
      place.malformedTag(code, message)
    case XML_ERR_ATTRIBUTE_REDEFINED: place.repeatedAttribute()
    case XML_ERR_DOCUMENT_EMPTY: XMLFault(.noRoot, place.here)
    case XML_ERR_DOCUMENT_END: XMLFault(.contentAfterRoot, place.here)
    case XML_ERR_COMMENT_NOT_FINISHED: place.unclosed(.comment, "<!--")
    case XML_ERR_CDATA_NOT_FINISHED: place.unclosed(.section, "<![CDATA[")
    case XML_ERR_PI_NOT_FINISHED: place.unclosed(.instruction, "<?")
    case XML_ERR_RESERVED_XML_NAME: XMLFault(.declarationNotFirst, place.back(to: "<"))
    case XML_ERR_MISPLACED_CDATA_END:
      XMLFault(.malformed("`]]>` in text must be written `]]&gt;`"), place.sectionEnd)
    case XML_ERR_HYPHEN_IN_COMMENT: XMLFault(.malformed("`--` cannot stand in a comment"), place.hyphens)
    case XML_ERR_PI_NOT_STARTED: XMLFault(.malformed("a processing instruction has no name"), place.back(to: "<"))
    default: XMLFault(.malformed(message.firstLine), place.here)
    }
  }
}

/// Where libxml2 stopped, and what the scan knows of it.
private struct Place {
  let bytes: [UInt8]
  /// Where the document begins, behind a byte order mark.
  let start: Int
  let offset: Int
  let markup: Markup

  /// The character here; at the end, the place behind the last one.
  var here: Range<Int> {
    guard offset < bytes.count else { return bytes.count..<bytes.count }
    var end = offset + 1
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
    return offset..<end
  }

  /// The first `]]>` from here on: libxml2 is at it, or at the beginning of the text that it stands in.
  var sectionEnd: Range<Int> {
    var cursor = ByteCursor(bytes, at: offset)
    return cursor.skip(past: "]]>") ? cursor.offset - 3..<cursor.offset : here
  }

  /// The first `--` inside a comment: libxml2 is at it or behind it.
  var hyphens: Range<Int> {
    var cursor = ByteCursor(bytes, at: start)
    while cursor.skip(to: UInt8(ascii: "<")) {
      if cursor.skip("<!--") {
        guard cursor.skip(past: "--") else { break }
        if !cursor.skip(">") { return cursor.offset - 2..<cursor.offset }
      } else if cursor.skip("<![CDATA[") {
        _ = cursor.skip(past: "]]>")
      } else if cursor.skip("<?") {
        _ = cursor.skip(past: "?>")
      } else {
        cursor.advance()
      }
    }
    return here
  }

  /// From the last `character` before this place to this place.
  func back(to character: Unicode.Scalar) -> Range<Int> {
    (bytes[..<offset].lastIndex(of: UInt8(ascii: character)) ?? offset)..<offset
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// The `&` before this place alone, in text or in a value.
  var rawAmpersand: XMLFault {
    let start = back(to: "&").lowerBound
    let isInUnread = markup.unread.map { $0.kind == .startTag && $0.start < start } ?? false
    return XMLFault(
      .rawAmpersand(inValue: isInUnread || markup.attributes.contains { $0.value.contains(start) }),
      start..<min(start + 1, bytes.count))
  }

  func nameMissing(_ message: String) -> XMLFault {
    if message.hasPrefix("xmlParseEntityRef") { return rawAmpersand }
    // The scan takes any name; where it ended in this tag, more is known of the mistake.
    if message.hasPrefix("error parsing attribute name"), markup.unread.map({ $0.start >= offset }) ?? true, let tag {
      return XMLFault(.malformedTag(.unexpected(text(here)), element: tag), here)
    }
    return malformedTag(XML_ERR_NAME_REQUIRED, message)
  }

  /// The name in the start tag that libxml2 was reading.
  private var tag: String? {
    if let unread = markup.unread, unread.start < offset { return text(unread.name) }
    return markup.tags.last { $0.start < offset }.map { text($0.name) }
  }

  func mismatch() -> XMLFault {
    guard let mismatch = markup.mismatch else { return XMLFault(.malformed("end tag without start"), here) }
    return XMLFault(
      .mismatchedTag(open: text(mismatch.open), close: text(mismatch.close), openedAt: mismatch.open), mismatch.close)
  }

  func unclosedElement() -> XMLFault {
    guard let index = markup.open.last else { return XMLFault(.malformed("an element has no end"), here) }
    let name = markup.tags[index].name
    return XMLFault(.notClosed(.element(text(name))), name)
  }

  func unclosed(_ what: XMLProblem.Unclosed, _ opening: StaticString) -> XMLFault {
    let start = markup.unread?.start ?? offset
    return XMLFault(.notClosed(what), start..<min(start + opening.utf8CodeUnitCount, bytes.count))
  }

  func repeatedAttribute() -> XMLFault {
    let tag = markup.tags.last { $0.start < offset }
    var first: [[UInt8]: Range<Int>] = [:]
    for attribute in markup.attributes[tag?.attributes ?? 0..<0] {
      let name = Array(bytes[attribute.name])
      if let place = first.updateValue(attribute.name, forKey: name) {
        return XMLFault(.repeatedAttribute(text(attribute.name), first: place), attribute.name)
      }
    }
    return XMLFault(.malformed("an attribute stands twice"), here)
  }

  /// A tag that cannot be read, or a `<` that was not meant to begin one.
  func malformedTag(_ code: xmlParserErrors, _ message: String) -> XMLFault {
    guard let unread = markup.unread, unread.start < offset else {
      // The scan went on: it does not look closely at names, nor into values.
      if code == XML_ERR_NAME_REQUIRED { return XMLFault(.rawLessThan(isTagLike: false), back(to: "<")) }
      if code != XML_ERR_LT_IN_ATTRIBUTE { return XMLFault(.malformed(message.firstLine), here) }
      return XMLFault(.malformedTag(.lessThanInValue, element: tag ?? ""), here)
    }
    if unread.kind == .instruction { return unclosed(.instruction, "<?") }
    let name = text(unread.name)
    let opening = unread.start..<min(unread.start + 1, bytes.count)
    if unread.kind == .endTag {
      if markup.open.isEmpty { return XMLFault(.malformed("an end tag stands where nothing is open"), opening) }
      let open = markup.open.last.map { text(markup.tags[$0].name) } ?? name
      return XMLFault(.notClosed(.endTag(open)), unread.start..<max(unread.name.upperBound, unread.start + 2))
    }
    if unread.name.isEmpty || offset == unread.start + 1 { return XMLFault(.rawLessThan(isTagLike: false), opening) }
    let isTag = ElementKind(name) != nil || bytes[unread.start..<offset].contains(UInt8(ascii: "="))
    switch code {
    case XML_ERR_LT_IN_ATTRIBUTE: return XMLFault(.malformedTag(.lessThanInValue, element: name), here)
    case XML_ERR_ATTRIBUTE_NOT_STARTED:
      let attribute = unread.attribute.map(text) ?? ""
      return XMLFault(.malformedTag(.noQuotes(attribute: attribute), element: name), unquoted())
    case XML_ERR_ATTRIBUTE_NOT_FINISHED:
      let attribute = unread.attribute ?? here
      return XMLFault(.notClosed(.value(attribute: text(attribute))), attribute)
    case XML_ERR_ATTRIBUTE_WITHOUT_VALUE where isTag:
      let attribute = unread.attribute ?? here
      return XMLFault(.malformedTag(.noValue(attribute: text(attribute)), element: name), attribute)
    case _ where offset >= bytes.count:
      return XMLFault(.malformedTag(.endsEarly, element: name), unread.start..<unread.name.upperBound)
    case XML_ERR_SPACE_REQUIRED: return XMLFault(.malformedTag(.noSpace, element: name), here)
    case _ where isTag:
      return XMLFault(.malformedTag(.unexpected(text(here)), element: name), here)
    default: return XMLFault(.rawLessThan(isTagLike: true), opening)
    }
  }

  /// A value without quotes: up to white space or the end of its tag.
  private func unquoted() -> Range<Int> {
    let end = bytes[offset...].firstIndex { $0.isXMLSpace || $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "/") }
    return offset..<max(end ?? bytes.count, here.upperBound)
  }
}

// MARK: - The XML declaration

extension Place {
  /// What is wrong in the XML declaration, if libxml2 stopped in it.
  func declaration(_ code: xmlParserErrors, _ message: String) -> XMLFault? {
    var cursor = ByteCursor(bytes, at: start)
    guard cursor.skip("<?xml"), cursor.byte?.isXMLSpace == true else { return nil }
    let opening = start..<cursor.offset
    guard cursor.skip(past: "?>"), offset <= cursor.offset else { return nil }
    let parts = declaredParts(from: opening.upperBound)
    switch code {
    case XML_ERR_UNKNOWN_VERSION, XML_WAR_UNKNOWN_VERSION:
      return XMLFault(.xmlVersion(message.quotedPart ?? ""), parts["version"]?.whole ?? opening)
    case XML_ERR_VERSION_MISSING: return XMLFault(.malformed("the XML declaration has no version"), opening)
    case XML_ERR_STANDALONE_VALUE:
      return XMLFault(.malformed("`standalone` is `yes` or `no`"), parts["standalone"]?.value ?? here)
    default: return offset < cursor.offset ? XMLFault(.malformed(message.firstLine), here) : nil
    }
  }

  private func declaredParts(from start: Int) -> [String: (whole: Range<Int>, value: Range<Int>)] {
    var parts: [String: (whole: Range<Int>, value: Range<Int>)] = [:]
    var cursor = ByteCursor(bytes, at: start)
    while cursor.skipSpace() {
      let name = cursor.skipName()
      cursor.skipSpace()
      guard cursor.skip("=") else { break }
      cursor.skipSpace()
      guard let value = cursor.skipQuoted() else { break }
      parts[text(name)] = (name.lowerBound..<cursor.offset, value)
    }
    return parts
  }
}

extension String {
  /// `nbsp` of `&nbsp;`.
  fileprivate var trimmingReference: String { String(drop { $0 == "&" }.prefix { $0 != ";" }) }

  /// What stands between single quotes in a message of libxml2.
  fileprivate var quotedPart: String? {
    let parts = split(separator: "'", omittingEmptySubsequences: false)
    return parts.count > 1 ? String(parts[1]) : nil
  }

  fileprivate var firstLine: String { String(prefix { $0 != "\n" }) }
}

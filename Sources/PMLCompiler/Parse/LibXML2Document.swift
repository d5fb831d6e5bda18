internal import CLibXML2

/// A document that libxml2 has read and found well-formed.
///
/// No network, no document type, no entities but XML's five: libxml2 sees what `Markup` has let through. Its limits are
/// lifted since the compiler's own, narrower for nesting and attributes, hold by then.
@safe struct LibXML2Document: ~Copyable {
  private let document: xmlDocPtr

  init(_ bytes: [UInt8], from start: Int, markup: Markup) throws(XMLFault) {
    _ = Self.isInitialized
    guard let context = unsafe xmlNewParserCtxt() else { throw XMLFault(.malformed("out of memory"), start..<start) }
    defer { unsafe xmlFreeParserCtxt(context) }
    let failure = FirstFailure()
    unsafe context.pointee._private = Unmanaged.passUnretained(failure).toOpaque()
    unsafe context.pointee.sax.pointee.serror = noteFailure
    unsafe context.pointee.sax.pointee.internalSubset = refuseDocumentType
    unsafe context.pointee.sax.pointee.comment = nil
    unsafe context.pointee.sax.pointee.processingInstruction = nil
    let options =
      XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue | XML_PARSE_NOCDATA.rawValue | XML_PARSE_HUGE.rawValue
    let document = unsafe withExtendedLifetime(failure) {
      unsafe bytes[start...].withUnsafeBytes { text in
        unsafe xmlCtxtReadMemory(
          context, text.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(text.count), nil, nil,
          Int32(bitPattern: options))
      }
    }
    if let error = failure.error {
      unsafe xmlFreeDoc(document)
      throw error.fault(in: bytes, from: start, markup: markup)
    }
    guard let document = unsafe document else { throw XMLFault(.malformed("it cannot be read"), start..<start) }
    // Short of memory, libxml2 ends early and hands out what it has, as if that were all.
    guard unsafe context.pointee.disableSAX == 0, unsafe context.pointee.wellFormed == 1 else {
      unsafe xmlFreeDoc(document)
      throw XMLFault(.malformed("there is not enough memory to read it"), start..<start)
    }
    unsafe self.document = document
  }

  deinit { unsafe xmlFreeDoc(document) }

  /// libxml2 wants to be initialized before threads use it.
  private static let isInitialized: Void = xmlInitParser()

  /// The document as a tree of ours; `nil` if `markup` is that of another document.
  func tree(_ markup: Markup, of bytes: [UInt8]) -> XMLElement? {
    var builder = TreeBuilder(markup: markup, bytes: bytes)
    return unsafe xmlDocGetRootElement(document).flatMap { unsafe builder.element($0) }
  }
}

/// The first error of a document; libxml2 is stopped there, and what it made of the document is not used.
private final class FirstFailure {
  private(set) var error: LibXML2Error?

  private func note(_ error: LibXML2Error, stopping context: xmlParserCtxtPtr) {
    if self.error == nil { self.error = error }
    unsafe xmlStopParser(context)
  }

  /// Hands the error to the parser's collector.
  static func note(
    _ code: LibXML2Error.Code, _ message: UnsafePointer<CChar>?, in parser: UnsafeMutableRawPointer?
  ) {
    guard let context = unsafe parser?.assumingMemoryBound(to: xmlParserCtxt.self),
      let failure = unsafe context.pointee._private
    else { return }
    let error = unsafe LibXML2Error(
      code: code, offset: max(0, Int(xmlByteConsumed(context))),
      message: message.map { unsafe String(cString: $0) } ?? "")
    unsafe Unmanaged<FirstFailure>.fromOpaque(failure).takeUnretainedValue().note(error, stopping: context)
  }
}

private func noteFailure(_ parser: UnsafeMutableRawPointer?, _ error: UnsafeMutablePointer<xmlError>?) {
  guard let error = unsafe error?.pointee, let code = unsafe LibXML2Error.Code(error) else { return }
  unsafe FirstFailure.note(code, error.message, in: parser)
}

private func refuseDocumentType(
  _ parser: UnsafeMutableRawPointer?, _ name: UnsafePointer<xmlChar>?, _ publicID: UnsafePointer<xmlChar>?,
  _ systemID: UnsafePointer<xmlChar>?
) {
  unsafe FirstFailure.note(.documentType, nil, in: parser)
}

/// Copies libxml2's nodes, taking each start tag's places from the scan.
private struct TreeBuilder {
  let markup: Markup
  let bytes: [UInt8]
  private var nextTag = 0

  init(markup: Markup, bytes: [UInt8]) {
    self.markup = markup
    self.bytes = bytes
  }

  mutating func element(_ node: xmlNodePtr) -> XMLElement? {
    guard nextTag < markup.tags.count else { return nil }
    let tag = markup.tags[nextTag]
    nextTag += 1
    guard let attributes = unsafe attributes(of: node, tag) else { return nil }
    var content: [XMLContent] = []
    var end = tag.range.upperBound
    var child = unsafe node.pointee.children
    while let node = unsafe child {
      switch unsafe node.pointee.type {
      case XML_ELEMENT_NODE:
        let index = nextTag
        guard let element = unsafe element(node) else { return nil }
        content.append(.element(element))
        end = markup.tags[index].element.upperBound
      case XML_TEXT_NODE:
        content.append(.text(XMLText(bytes: unsafe utf8(node.pointee.content), start: end)))
      default: return nil
      }
      unsafe child = node.pointee.next
    }
    return XMLElement(
      name: text(tag.name), startTag: tag.range, range: tag.element, attributes: attributes, content: content)
  }

  /// The attributes of `tag` with their values; libxml2 keeps declarations of namespaces apart.
  private func attributes(of node: xmlNodePtr, _ tag: Markup.Tag) -> [XMLAttribute]? {
    var attribute = unsafe node.pointee.properties
    var attributes: [XMLAttribute] = []
    attributes.reserveCapacity(tag.attributes.count)
    for place in markup.attributes[tag.attributes] {
      let name = text(place.name)
      var value = ""
      if name != "xmlns", !name.hasPrefix("xmlns:") {
        guard let node = unsafe attribute else { return nil }
        guard let bytes = unsafe self.value(of: node) else { return nil }
        value = String(decoding: bytes, as: UTF8.self)
        unsafe attribute = node.pointee.next
      }
      attributes.append(XMLAttribute(name: name, value: value, nameRange: place.name, valueRange: place.value))
    }
    return unsafe attribute == nil ? attributes : nil
  }

  private func value(of attribute: xmlAttrPtr) -> [UInt8]? {
    var value: [UInt8] = []
    var child = unsafe attribute.pointee.children
    while let node = unsafe child {
      guard unsafe node.pointee.type == XML_TEXT_NODE else { return nil }
      unsafe value += utf8(node.pointee.content)
      unsafe child = node.pointee.next
    }
    return value
  }

  private func utf8(_ string: UnsafeMutablePointer<xmlChar>?) -> [UInt8] {
    guard let string = unsafe string else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: string, count: Int(xmlStrlen(string))))
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}

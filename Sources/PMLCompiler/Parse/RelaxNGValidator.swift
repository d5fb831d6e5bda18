internal import CLibXML2

/// Holds a document against the grammar that ships, which has the last word on what a document of PML is.
///
/// The compiler's own check runs before it and says more; so an error here means that the two disagree.
enum RelaxNGValidator {
  /// Reports what the grammar refuses of a document that has passed the compiler's own check.
  static func check(_ root: XMLElement, log: DiagnosticLog) {
    let skeleton = Skeleton(root)
    guard let grammar = Grammar.shared else {
      return log.report(GrammarProblem.refused("it cannot be loaded"), at: root.nameRange)
    }
    for error in skeleton.errors(under: grammar) {
      log.report(GrammarProblem.refused(error.message), at: skeleton.elements[error.element].nameRange)
    }
  }
}

/// The grammar in libxml2's form.
///
/// References to modules have names of any kind. libxml2 takes quadratic time where a grammar allows that, so here they
/// all have one name, which documents for validation give them, too.
@safe private final class Grammar: @unchecked Sendable {
  // Unchecked: libxml2 does not change a grammar that it has read; each validation has a context of its own.
  static let shared = Grammar(PackageResources.pml_rng)
  static let referenceName = "reference"

  let handle: xmlRelaxNGPtr

  private init?(_ bytes: [UInt8]) {
    xmlInitParser()
    guard xmlRelaxNGInitTypes() == 0 else { return nil }
    let text = Array(Self.namingReferences(String(decoding: bytes, as: UTF8.self)).utf8)
    let handle = unsafe text.withUnsafeBytes { text -> xmlRelaxNGPtr? in
      guard
        let context = unsafe xmlRelaxNGNewMemParserCtxt(
          text.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(text.count))
      else { return nil }
      defer { unsafe xmlRelaxNGFreeParserCtxt(context) }
      return unsafe xmlRelaxNGParse(context)
    }
    guard let handle = unsafe handle else { return nil }
    unsafe self.handle = handle
  }

  deinit { unsafe xmlRelaxNGFree(handle) }

  /// The grammar with one name in place of the class of names that a reference may have.
  private static func namingReferences(_ grammar: String) -> String {
    guard let define = grammar.firstRange(of: "<define name=\"reference\">"),
      let start = grammar[define.upperBound...].firstRange(of: "<anyName>"),
      let end = grammar[start.upperBound...].firstRange(of: "</anyName>")
    else { return grammar }
    return grammar[..<start.lowerBound] + "<name>\(referenceName)</name>" + grammar[end.upperBound...]
  }
}

/// A document as far as the grammar looks at it: elements, attributes, and whether there is text.
@safe private struct Skeleton: ~Copyable {
  /// The elements in document order; each node of libxml2's knows its number.
  private(set) var elements: [XMLElement] = []
  private let document: xmlDocPtr?

  init(_ root: XMLElement) {
    unsafe document = unsafe xmlNewDoc("1.0")
    if let node = unsafe add(root, isPrompt: root.name == ElementKind.prompt.rawValue) {
      unsafe xmlDocSetRootElement(document, node)
    }
  }

  deinit { unsafe xmlFreeDoc(document) }

  private mutating func add(_ element: XMLElement, isPrompt: Bool) -> xmlNodePtr? {
    let isReference = isPrompt && ElementKind(element.name) == nil
    guard
      let node = unsafe xmlNewDocNode(document, nil, isReference ? Grammar.referenceName : element.name, nil)
    else { return nil }
    unsafe node.pointee._private = UnsafeMutableRawPointer(bitPattern: elements.count + 1)
    elements.append(element)
    for attribute in element.attributes {
      let value = Self.shortened(attribute)
      if attribute.name == "xml:space" {
        let space = unsafe xmlSearchNsByHref(document, node, "http://www.w3.org/XML/1998/namespace")
        unsafe xmlNewNsProp(node, space, "space", value)
      } else {
        unsafe xmlNewProp(node, attribute.name, value)
      }
    }
    for content in element.content {
      switch content {
      case .text(let text): if !text.isBlank { unsafe xmlAddChild(node, xmlNewDocText(document, "text")) }
      case .element(let child): unsafe xmlAddChild(node, add(child, isPrompt: isPrompt))
      }
    }
    return unsafe node
  }

  /// A value, or the start of a long one: the compiler's own check has read all of it, and libxml2 is slow with those.
  private static func shortened(_ attribute: XMLAttribute) -> String {
    let limit = 256
    guard attribute.name == "name", attribute.value.utf8.count > limit * 4 else { return attribute.value }
    return String(String.UnicodeScalarView(attribute.value.unicodeScalars.prefix(limit)))
  }

  /// What `grammar` refuses, each with the number of its element.
  func errors(under grammar: Grammar) -> [ValidityError] {
    guard let context = unsafe xmlRelaxNGNewValidCtxt(grammar.handle) else { return [] }
    defer { unsafe xmlRelaxNGFreeValidCtxt(context) }
    let errors = ValidityErrors()
    return withExtendedLifetime(errors) {
      unsafe xmlRelaxNGSetValidStructuredErrors(
        context,
        { collector, error in
          guard let collector = unsafe collector, let error = unsafe error?.pointee else { return }
          unsafe Unmanaged<ValidityErrors>.fromOpaque(collector).takeUnretainedValue().note(error)
        }, Unmanaged.passUnretained(errors).toOpaque())
      let isValid = unsafe xmlRelaxNGValidateDoc(context, document) == 0
      return isValid || !errors.found.isEmpty ? errors.found : [ValidityError(element: 0, message: "it does not fit")]
    }
  }
}

private struct ValidityError {
  let element: Int
  let message: String
}

private final class ValidityErrors {
  private(set) var found: [ValidityError] = []

  func note(_ error: xmlError) {
    guard found.count < DiagnosticLog.limit else { return }
    let node = unsafe error.node?.assumingMemoryBound(to: xmlNode.self)
    let number = unsafe node.map { unsafe Int(bitPattern: $0.pointee._private) } ?? 0
    let message = unsafe error.message.map { unsafe String(cString: $0) } ?? ""
    found.append(ValidityError(element: max(number, 1) - 1, message: String(message.prefix { $0 != "\n" })))
  }
}

internal import Failure

/// Why a document cannot be read.
enum XMLProblem {
  case invalidUTF8
  case otherEncoding(String)
  case invalidCharacter(UInt32)
  case documentType
  case documentTooLarge
  case nestedTooDeep
  case tooManyAttributes(element: String)
  case tooManyElements
  /// A `<` that begins no tag; `isTagLike` where a name follows.
  case rawLessThan(isTagLike: Bool)
  case rawAmpersand(inValue: Bool)
  case unknownEntity(String)
  case invalidReference(String)
  case mismatchedTag(open: String, close: String, openedAt: Range<Int>)
  case notClosed(Unclosed)
  case malformedTag(Fault, element: String)
  case repeatedAttribute(String, first: Range<Int>)
  case noRoot
  case contentAfterRoot
  case xmlVersion(String)
  case declarationNotFirst
  case malformed(String)

  /// What has no end.
  enum Unclosed {
    case element(String)
    case endTag(String)
    case comment
    case section
    case instruction
    case value(attribute: String)
  }

  /// What is wrong in a tag.
  enum Fault {
    case noQuotes(attribute: String)
    case noValue(attribute: String)
    case noSpace
    case lessThanInValue
    case unexpected(String)
    case endsEarly
  }
}

extension XMLProblem {
  /// Whether it is a character of text that should have been written as a reference. One that a name follows may as well be a
  /// tag, and be meant as one.
  var isRawCharacter: Bool {
    switch self {
    case .rawAmpersand, .rawLessThan(isTagLike: false): true
    default: false
    }
  }
}

extension XMLProblem: Problem {
  private static let writeLessThan = "write `&lt;` for a `<` in text, or put the text into `<![CDATA[` and `]]>`"

  var report: Report {
    switch self {
    case .invalidUTF8:
      Report(code: .invalidUTF8, message: "these bytes are not UTF-8", help: "save the document as UTF-8")
    case .otherEncoding(let name):
      Report(
        code: .otherEncoding, message: "the document's encoding is \(name.quoted()), not UTF-8",
        help: "save it as UTF-8, and declare `encoding=\"UTF-8\"` or nothing")
    case .invalidCharacter(let value):
      Report(
        code: .invalidCharacter, message: "XML does not allow the character U+\(hexadecimal(value))",
        help: "remove it; no reference stands for it either")
    case .documentType:
      Report(
        code: .documentType, message: "a document type declaration is not allowed",
        help: "remove it; PML needs no DTD and defines no entities")
    case .documentTooLarge:
      Report(
        code: .documentTooLarge, message: "the document is larger than 64 MiB",
        help: "put long texts into files of their own and name them in `src`")
    case .nestedTooDeep:
      Report(
        code: .nestedTooDeep, message: "elements are nested more than \(DocumentLimits.depth) deep",
        help: "is an end tag missing?")
    case .tooManyAttributes(let element):
      Report(
        code: .tooManyAttributes, message: "\(element.quoted()) has more than \(DocumentLimits.attributes) attributes")
    case .tooManyElements:
      Report(
        code: .tooManyElements, message: "the document has more than 1,000,000 elements",
        help: "split it into several schemas")
    case .rawLessThan(let isTagLike):
      Report(
        code: .rawLessThan,
        message: isTagLike ? "what follows this `<` is not a tag" : "this `<` begins no tag",
        help: Self.writeLessThan)
    case .rawAmpersand(let inValue):
      Report(
        code: .rawAmpersand, message: "this `&` begins no reference",
        help: inValue
          ? "write `&amp;` for an `&` in a value"
          : "write `&amp;` for an `&` in text, or put the text into `<![CDATA[` and `]]>`")
    case .unknownEntity(let name):
      Report(
        code: .unknownEntity, message: "XML defines no entity \(name.quoted())",
        help: "there are `&lt;`, `&gt;`, `&amp;`, `&quot;` and `&apos;`; write other characters as they are, "
          + "and `&amp;` where an `&` is text")
    case .invalidReference(let text):
      Report(
        code: .invalidReference, message: "\(text.quoted()) stands for no character",
        help: "write a number like `&#10;` or `&#x3C;`, and `&amp;` where an `&` is text")
    case .mismatchedTag(let open, let close, let place):
      Report(
        code: .mismatchedTag,
        message: "\(("</" + close + ">").quoted()) where \(("</" + open + ">").quoted()) should stand",
        help: "close \(open.quoted()) first", related: [(place, "\(open.quoted()) begins here")])
    case .notClosed(let what): what.report
    case .malformedTag(let fault, let element):
      Report(code: .malformedTag, message: fault.message(in: element), help: fault.help(in: element))
    case .repeatedAttribute(let name, let first):
      Report(
        code: .repeatedAttribute, message: "attribute \(name.quoted()) stands here twice",
        related: [(first, "the first one")])
    case .noRoot:
      Report(
        code: .noRoot, message: "there is no root element",
        help: "a document is one `<schema name=\"…\">` or one `<prompt schema=\"…\">`")
    case .contentAfterRoot:
      Report(
        code: .contentAfterRoot, message: "something stands after the root element",
        help: "a document has one root; move this into it, or into a file of its own")
    case .xmlVersion(let version):
      Report(
        code: .xmlVersion, message: "XML \(version.quoted()) is not supported", help: "PML is XML 1.0")
    case .declarationNotFirst:
      Report(
        code: .malformed, message: "an XML declaration stands at the very start of a document, or nowhere",
        help: "remove it, or what is before it")
    case .malformed(let message):
      Report(code: .malformed, message: "malformed XML: \(message)")
    }
  }

  private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension XMLProblem.Unclosed {
  fileprivate var report: Report {
    let (message, help): (String, String) =
      switch self {
      case .element(let name):
        ("\(name.quoted()) is never closed", "write \(("</" + name + ">").quoted()) where it ends")
      case .endTag(let name): ("this is no end tag", "write \(("</" + name + ">").quoted())")
      case .comment: ("the comment has no end", "write `-->` where it ends")
      case .section: ("the CDATA section has no end", "write `]]>` where it ends")
      case .instruction: ("the processing instruction has no end", "write `?>` where it ends")
      case .value(let name): ("the value of \(name.quoted()) has no closing quote", "write the quote where it ends")
      }
    return Report(code: .notClosed, message: message, help: help)
  }
}

extension XMLProblem.Fault {
  fileprivate func message(in element: String) -> String {
    switch self {
    case .noQuotes(let attribute): "the value of \(attribute.quoted()) is not in quotes"
    case .noValue(let attribute): "\(attribute.quoted()) in the tag of \(element.quoted()) has no value"
    case .noSpace: "white space is missing between two attributes of \(element.quoted())"
    case .lessThanInValue: "a `<` stands in an attribute's value"
    case .unexpected(let text): "\(text.quoted()) cannot stand in the tag of \(element.quoted())"
    case .endsEarly: "the tag of \(element.quoted()) has no end"
    }
  }

  fileprivate func help(in element: String) -> String? {
    let help: String? =
      switch self {
      case .noQuotes(let attribute), .noValue(let attribute): "write \((attribute + "=\"…\"").quoted())"
      case .noSpace, .unexpected: nil
      case .lessThanInValue: "write `&lt;` in a value, or close its quote before this"
      case .endsEarly: "write `>` or `/>` where it ends"
      }
    // The name of no element: perhaps this was not meant to be a tag.
    guard ElementKind(element) == nil else { return help }
    let other = "if the `<` of \(("<" + element).quoted()) is text, write `&lt;`"
    return help.map { "\($0); \(other)" } ?? other
  }
}

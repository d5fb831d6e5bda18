internal import Failure

/// What the grammar does not allow.
enum GrammarProblem {
  case wrongRoot(found: String, expected: [ElementKind])
  case unknownElement(String, nearest: String?)
  case misplacedElement(String, parent: String, help: String?)
  case misplacedText(parent: ElementKind?)
  case unknownAttribute(String, element: String, nearest: String?, known: [String])
  case missingAttribute(String, element: String)
  case invalidValue(String, attribute: String, expected: String)
  case reservedName(String)
  case lengthTwice(length: Range<Int>)
  case emptyUnion
  case refused(String)
}

extension GrammarProblem: Problem {
  var report: Report {
    switch self {
    case .wrongRoot(let found, let expected):
      Report(
        code: .wrongRoot, message: "the root element is \(found.quoted())",
        help: "it should be " + expected.map { "`\($0.rawValue)`" }.joined(separator: " or "))
    case .unknownElement(let name, let nearest):
      Report(
        code: .unknownElement, message: "PML has no element \(name.quoted())",
        help: nearest.map { "did you mean `\($0)`?" }
          ?? (name.contains(":") ? "PML has no name spaces" : "if its `<` is text, write `&lt;`"))
    case .misplacedElement(let name, let parent, let help):
      Report(code: .misplacedElement, message: "\(name.quoted()) cannot stand in \(parent.quoted())", help: help)
    case .misplacedText(let parent):
      Report(
        code: .misplacedText, message: "text cannot stand in \(parent.map { "a `\($0.rawValue)`" } ?? "a reference")",
        help: Self.whereTextGoes(parent))
    case .unknownAttribute(let name, let element, let nearest, let known):
      Report(
        code: .unknownAttribute, message: "\(element.quoted()) has no attribute \(name.quoted())",
        help: Self.attributeHelp(name, nearest: nearest, known: known))
    case .missingAttribute(let name, let element):
      Report(
        code: .missingAttribute, message: "\(element.quoted()) needs the attribute `\(name)`",
        help: "write `<\(element) \(name)=\"…\">`")
    case .invalidValue(let value, let attribute, let expected):
      Report(
        code: .invalidValue, message: "\(value.quoted()) is no value of `\(attribute)`", help: "it takes \(expected)")
    case .reservedName(let name):
      Report(
        code: .reservedName, message: "the name \(name.quoted()) is reserved",
        help: "the names of PML's elements and names that begin with `xml` are; choose another")
    case .lengthTwice(let place):
      Report(
        code: .lengthTwice, message: "`length` and `len` say the same; only one of them can stand here",
        help: "remove `len`", related: [(place, "`length`")])
    case .emptyUnion:
      Report(
        code: .emptyUnion, message: "a union has one or more modules in it, this one has none",
        help: "write its members as `<module name=\"…\">`")
    case .refused(let message):
      Report(code: .refusedByGrammar, message: "the grammar refuses this element: \(message)")
    }
  }

  private static func attributeHelp(_ name: String, nearest: String?, known: [String]) -> String? {
    if name.hasPrefix("xmlns") { return "PML has no name spaces; remove it" }
    if let nearest { return "did you mean `\(nearest)`?" }
    return known.isEmpty ? nil : "it has " + known.map { "`\($0)`" }.joined(separator: ", ")
  }

  private static func whereTextGoes(_ parent: ElementKind?) -> String? {
    switch parent {
    case nil: "new text stands after the references or between them; arguments are attributes"
    case .union: "put it into one of the union's modules, or before or after the union"
    case .parameter: "a parameter's text is its `default`, its placeholder `scaffold`"
    default: nil
    }
  }
}

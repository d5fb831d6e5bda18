/// Holds a document against the grammar and says exactly what is wrong.
///
/// It refuses what `grammar/pml.rng` refuses; that has the last word on what passes here.
struct GrammarCheck {
  private let source: SourceFile
  private let log: DiagnosticLog
  private var nearest = NearestName()

  init(_ source: SourceFile, log: DiagnosticLog) {
    self.source = source
    self.log = log
  }

  /// Checks a document whose root should be a `kind`.
  mutating func check(_ root: XMLElement, is kind: ElementKind) {
    guard root.name == kind.rawValue else {
      let roots = [ElementKind.schema, .prompt]
      let isOther = roots.contains { $0.rawValue == root.name }
      let problem = GrammarProblem.wrongRoot(found: root.name, expected: isOther ? [kind] : roots)
      return log.report(problem, at: root.nameRange)
    }
    check(root, kind, in: nil)
  }

  private mutating func check(_ element: XMLElement, _ kind: ElementKind, in parent: ElementRule?) {
    let rule = ElementRule(for: kind, in: parent)
    checkAttributes(of: element, kind, rule)
    var isEmpty = true
    for content in element.content {
      switch content {
      case .text(let text):
        if !rule.hasText, !text.isBlank { misplaced(text, in: kind) }
      case .element(let child):
        isEmpty = false
        if kind == .prompt {
          checkPart(child, of: element)
        } else if kind.isRole, parent == nil {
          let help = "a role of a prompt holds text; put references before or behind it"
          misplaced(child, in: element, help: help)
        } else {
          checkChild(child, of: element, rule)
        }
      }
    }
    if kind == .union, isEmpty { log.report(GrammarProblem.emptyUnion, at: element.nameRange) }
  }

  /// An element of a schema.
  private mutating func checkChild(_ child: XMLElement, of parent: XMLElement, _ rule: ElementRule) {
    guard let kind = ElementKind(child.name) else {
      let suggestion = log.isFull ? nil : nearest.suggestion(for: child.name, among: rule.children.names)
      log.report(GrammarProblem.unknownElement(child.name, nearest: suggestion), at: child.nameRange)
      // What is in it is checked as if its tags were not there.
      for case .element(let grandchild) in child.content { checkChild(grandchild, of: parent, rule) }
      return
    }
    if !rule.children.contains(kind) {
      misplaced(child, in: parent, help: help(for: kind, in: parent, rule))
    }
    check(child, kind, in: rule)
  }

  private func help(for kind: ElementKind, in parent: XMLElement, _ rule: ElementRule) -> String? {
    switch kind {
    case _ where rule.isLibrary: "a library holds modules alone"
    case _ where rule.attributes.contains(where: { $0.name == "name" }) && rule.children.isEmpty:
      "a library's modules hold text alone"
    case .parameter: "parameters stand in a module"
    case .scaffold: "scaffolds stand directly in the schema"
    case .library: "libraries stand directly in the schema, or in a role that does"
    case .system, .user, .assistant:
      if parent.name == "union" {
        "put the role into the union's members, or around the union"
      } else {
        "a role cannot stand in a role, at any depth; it may stand in a module that no role is around"
      }
    case .schema, .prompt: "a document has one root; put this into a file of its own"
    case .module, .union: nil
    }
  }

  /// An element of a prompt's top level: a role, or a reference.
  private mutating func checkPart(_ child: XMLElement, of parent: XMLElement) {
    guard let kind = ElementKind(child.name) else { return checkReference(child) }
    guard kind.isRole else { return misplaced(child, in: parent, help: Self.referenceHelp) }
    check(child, kind, in: nil)
  }

  private mutating func checkReference(_ reference: XMLElement) {
    if !XMLName.isUnprefixed(reference.name) {
      log.report(GrammarProblem.unknownElement(reference.name, nearest: nil), at: reference.nameRange)
    }
    for attribute in reference.attributes where !XMLName.isUnprefixed(attribute.name) || attribute.name == "xmlns" {
      let problem = GrammarProblem.unknownAttribute(
        attribute.name, element: reference.name, nearest: nil, known: [])
      log.report(problem, at: attribute.nameRange)
    }
    for content in reference.content {
      switch content {
      case .text(let text): if !text.isBlank { misplaced(text, in: nil) }
      case .element(let child) where ElementKind(child.name) == nil: checkReference(child)
      case .element(let child):
        let isRole = ElementKind(child.name)?.isRole == true
        misplaced(child, in: reference, help: isRole ? "put roles before or behind references" : Self.referenceHelp)
      }
    }
  }

  private static let referenceHelp = "refer to a module by its own name: `<name/>`"

  private func misplaced(_ element: XMLElement, in parent: XMLElement, help: String?) {
    let problem = GrammarProblem.misplacedElement(element.name, parent: parent.name, help: help)
    log.report(problem, at: element.nameRange)
  }

  private func misplaced(_ text: XMLText, in parent: ElementKind?) {
    log.report(GrammarProblem.misplacedText(parent: parent), at: text.visibleRange(in: source.bytes))
  }

  private mutating func checkAttributes(of element: XMLElement, _ kind: ElementKind, _ rule: ElementRule) {
    var meant: Set<String> = []
    for attribute in element.attributes {
      guard let expected = rule.attributes.first(where: { $0.name == attribute.name }) else {
        let suggestion = nearest.suggestion(for: attribute.name, among: rule.attributes.map(\.name))
        let problem = GrammarProblem.unknownAttribute(
          attribute.name, element: element.name, nearest: suggestion, known: rule.attributes.map(\.name))
        log.report(problem, at: attribute.nameRange)
        if let suggestion { meant.insert(suggestion) }
        continue
      }
      if let problem = expected.value.problem(with: attribute.value, of: attribute.name) {
        log.report(problem, at: attribute.valueRange)
      }
    }
    let short = element.attribute("len")
    for rule in rule.attributes where rule.isRequired && element.attribute(rule.name) == nil {
      // A misspelt attribute is one mistake, not two.
      if meant.contains(rule.name) { continue }
      if kind == .parameter, rule.name == "length", short != nil { continue }
      log.report(GrammarProblem.missingAttribute(rule.name, element: element.name), at: element.nameRange)
    }
    if kind == .parameter, let short, let length = element.attribute("length") {
      log.report(GrammarProblem.lengthTwice(length: length.nameRange), at: short.nameRange)
    }
  }
}

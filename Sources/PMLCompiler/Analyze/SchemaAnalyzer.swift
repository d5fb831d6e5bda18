/// Checks what a schema means: names, members, and remarks on what is allowed but hardly meant.
struct SchemaAnalyzer {
  private let log: DiagnosticLog
  private var nearest = NearestName()
  /// Whether a parameter's default stands for its argument while what follows is encoded.
  private var defaultIsPlaceholder = true

  init(log: DiagnosticLog) { self.log = log }

  /// Checks the whole schema, its scaffolds aside.
  mutating func check(_ schema: SchemaSyntax) {
    defaultIsPlaceholder = schema.positions != .fixed
    checkScope(schema.content)
  }

  /// The names of one scope, then the scopes in it.
  private mutating func checkScope(_ content: [SchemaSyntax.Part]) {
    var scope = Names()
    check(content, &scope)
  }

  private struct Names {
    var modules: [String: Range<Int>] = [:]
    var parameters: [String: Range<Int>] = [:]
  }

  private mutating func check(_ content: [SchemaSyntax.Part], _ scope: inout Names) {
    let lastText = content.lastIndex { if case .text(let text) = $0 { text.text.hasWords } else { false } }
    for (index, part) in content.enumerated() {
      switch part {
      case .text: break
      case .parameter(let parameter):
        check(parameter, &scope)
        let hasPlaceholder = parameter.scaffold != nil || (defaultIsPlaceholder && parameter.defaultText != nil)
        if !hasPlaceholder, let name = parameter.name, let lastText, lastText > index {
          log.report(SchemaProblem.noPlaceholder(name.value), at: parameter.element.nameRange)
        }
      case .module(let module): check(module, &scope)
      case .union(let union): check(union, &scope)
      case .library(let library): check(library, &scope)
      case .role(let role): check(role.content, &scope)
      }
    }
  }

  private func register(_ name: XMLAttribute, in scope: inout Names) {
    if let first = scope.modules[name.value] {
      log.report(SchemaProblem.repeatedModule(name.value, first: first), at: name.valueRange)
    } else {
      scope.modules[name.value] = name.valueRange
    }
  }

  private mutating func check(_ library: LibrarySyntax, _ scope: inout Names) {
    if let name = library.name {
      register(name, in: &scope)
      if library.documents.isEmpty { log.report(SchemaProblem.emptyLibrary(name.value), at: name.valueRange) }
    }
    var documents = Names()
    for document in library.documents { check(document, &documents) }
  }

  private mutating func check(_ module: ModuleSyntax, _ scope: inout Names) {
    if let name = module.name {
      register(name, in: &scope)
      if module.src == nil, module.content.allSatisfy(\.isNothing) {
        log.report(SchemaProblem.emptyModule(name.value), at: name.valueRange)
      }
    }
    checkScope(module.content)
  }

  private mutating func check(_ union: UnionSyntax, _ scope: inout Names) {
    for member in union.members { check(member, &scope) }
    if union.members.count == 1 { log.report(SchemaProblem.unionOfOne, at: union.nameRange) }
    if let scaffold = union.scaffold {
      let names = union.members.compactMap(\.name?.value)
      if !names.contains(scaffold.value) {
        let known = nearest.known(names, not: scaffold.value)
        log.report(SchemaProblem.unknownMember(scaffold.value, known: known), at: scaffold.valueRange)
      }
    }
  }

  private mutating func check(_ parameter: ParameterSyntax, _ scope: inout Names) {
    if parameter.element.name == "param" {
      log.report(
        SchemaProblem.deprecatedSpelling("param", instead: "parameter"), at: parameter.element.nameRange)
    }
    if let length = parameter.length, length.name == "len" {
      log.report(SchemaProblem.deprecatedSpelling("len", instead: "length"), at: length.nameRange)
    }
    guard let name = parameter.name else { return }
    if let first = scope.parameters[name.value] {
      log.report(SchemaProblem.repeatedParameter(name.value, first: first), at: name.valueRange)
    } else {
      scope.parameters[name.value] = name.valueRange
    }
  }
}

extension SchemaSyntax.Part {
  /// White space that is dropped wherever it stands, or no text at all.
  fileprivate var isNothing: Bool {
    switch self {
    case .text(let text): text.text.isBlank && !text.isPreserved
    case .parameter, .module, .union, .library: false
    case .role(let role): role.content.allSatisfy(\.isNothing)
    }
  }
}

extension XMLText {
  /// Whether a letter or digit is in it: those of other scripts are beyond ASCII.
  fileprivate var hasWords: Bool {
    bytes.contains { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
        true
      default: false
      }
    }
  }
}

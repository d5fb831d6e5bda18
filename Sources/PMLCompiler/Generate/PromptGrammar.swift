extension PML {
  /// The RELAX NG grammar (in XML) of the prompts of `schema`, for editors that complete and check by one.
  ///
  /// It accepts what `compilePrompt` accepts: modules under their names, nested in those around them, each once, one member
  /// of a union, arguments for all parameters without default, and text between references only where these are in
  /// schema order. Lengths in tokens are no matter of grammar, and neither is that a prompt names a library's module once:
  /// there are too many of them.
  ///
  /// - Parameters:
  ///   - schema: the schema.
  ///   - libraries: which documents its libraries have.
  /// - Throws: `LibraryFailure` where these cannot be read.
  public static func promptGrammar(
    for schema: Schema, libraries: any LibraryNames = NoLibraries()
  ) throws(LibraryFailure) -> String {
    var documents: [String: [String]] = [:]
    for library in schema.libraries { documents[library.name] = try libraries.names(in: library) }
    return PromptGrammar(schema, documents: documents).text
  }
}

private struct PromptGrammar {
  private(set) var text = ""
  private var depth = 0

  /// - Parameter documents: names of the documents of libraries, by the library's name.
  init(_ schema: Schema, documents: [String: [String]]) {
    line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
    line("<!-- The prompts of one schema, as `pmlc grammar` wrote it: do not edit. -->")
    element("grammar", "ns=\"\" xmlns=\"http://relaxng.org/ns/structure/1.0\"") { grammar in
      grammar.element("start") { $0.prompt(of: schema) }
      let modules = schema.nodes.flatMap(\.references)
      for reference in modules {
        for module in reference.modules {
          grammar.element("define", "name=\"module.\(module.name)\"") { define in
            if reference.isLibrary {
              define.reference(toLibrary: module.name, documents: documents[module.name] ?? [])
            } else {
              define.reference(to: module)
            }
          }
        }
      }
      grammar.element("define", "name=\"new-text\"") { $0.newText() }
      grammar.element("define", "name=\"turn\"") { define in
        define.space()
        define.line("<text/>")
      }
    }
  }

  private mutating func prompt(of schema: Schema) {
    let references = schema.nodes.flatMap(\.references)
    element("element", "name=\"prompt\"") { prompt in
      prompt.element("attribute", "name=\"schema\"") { $0.line("<value type=\"string\">\(schema.name)</value>") }
      prompt.space()
      guard !references.isEmpty else { return prompt.line("<ref name=\"new-text\"/>") }
      prompt.element("choice") { choice in
        choice.line("<!-- References in any order, and text behind them -->")
        choice.element("group") { group in
          group.interleave(references) { $0.line("<ref name=\"module.\($1.name)\"/>") }
          group.line("<ref name=\"new-text\"/>")
        }
        choice.line("<!-- References in schema order, and text anywhere -->")
        choice.element("group") { group in
          for reference in references {
            group.line("<ref name=\"new-text\"/>")
            group.optional(reference) { $0.line("<ref name=\"module.\($1.name)\"/>") }
          }
          group.line("<ref name=\"new-text\"/>")
        }
      }
    }
  }

  private mutating func newText() {
    element("zeroOrMore") { more in
      more.element("choice") { choice in
        choice.line("<text/>")
        for role in ["system", "user", "assistant"] {
          choice.element("element", "name=\"\(role)\"") { $0.line("<ref name=\"turn\"/>") }
        }
      }
    }
  }

  private mutating func reference(to module: Schema.Module) {
    element("element", "name=\"\(module.name)\"") { element in
      let parameters = module.nodes.compactMap { if case .parameter(let parameter) = $0 { parameter } else { nil } }
      for parameter in parameters {
        if parameter.defaultText == nil {
          element.line("<attribute name=\"\(parameter.name)\"/>")
        } else {
          element.element("optional") { $0.line("<attribute name=\"\(parameter.name)\"/>") }
        }
      }
      let references = module.nodes.flatMap(\.references)
      if !references.isEmpty {
        element.interleave(references) { $0.reference(to: $1) }
      } else if parameters.isEmpty {
        element.line("<empty/>")
      }
    }
  }

  private mutating func reference(toLibrary name: String, documents: [String]) {
    element("element", "name=\"\(name)\"") { element in
      element.element("optional") { search in
        search.line("<attribute name=\"top\"/>")
        search.element("optional") { $0.line("<attribute name=\"query\"/>") }
        search.element("optional") { rank in
          rank.element("attribute", "name=\"rank\"") { attribute in
            attribute.element("choice") { choice in
              for rank in Prompt.Search.Rank.allCases { choice.line("<value>\(rank.rawValue)</value>") }
            }
          }
        }
      }
      guard !documents.isEmpty else { return }
      element.element("zeroOrMore") { more in
        more.element("choice") { choice in
          for document in documents {
            choice.element("element", "name=\"\(document)\"") { $0.line("<empty/>") }
          }
        }
      }
    }
  }

  /// References in any order, each once at most.
  private mutating func interleave(_ references: [Reference], _ module: (inout Self, Schema.Module) -> Void) {
    guard references.count > 1 else {
      for reference in references { optional(reference, module) }
      return
    }
    element("interleave") { interleave in
      for reference in references { interleave.optional(reference, module) }
    }
  }

  /// A module, or one member of a union, or none.
  private mutating func optional(_ reference: Reference, _ module: (inout Self, Schema.Module) -> Void) {
    element("optional") { optional in
      guard reference.modules.count > 1 else {
        for member in reference.modules { module(&optional, member) }
        return
      }
      optional.element("choice") { choice in
        for member in reference.modules { module(&choice, member) }
      }
    }
  }

  private mutating func space() {
    element("optional") { optional in
      optional.element("attribute", "name=\"xml:space\"") { attribute in
        attribute.element("choice") { choice in
          choice.line("<value>default</value>")
          choice.line("<value>preserve</value>")
        }
      }
    }
  }

  private mutating func element(_ name: String, _ attributes: String = "", _ content: (inout Self) -> Void) {
    line("<\(name)\(attributes.isEmpty ? "" : " " + attributes)>")
    depth += 1
    content(&self)
    depth -= 1
    line("</\(name)>")
  }

  private mutating func line(_ line: String) {
    text += String(repeating: "  ", count: depth) + line + "\n"
  }
}

/// What a prompt may refer to at one place of a scope: a module, or one of a union's members.
private struct Reference {
  let modules: [Schema.Module]
  var isLibrary = false
}

extension Schema.Node {
  fileprivate var references: [Reference] {
    switch self {
    case .text, .parameter: []
    case .module(let module): [Reference(modules: [module])]
    case .union(let union): [Reference(modules: union.members)]
    case .library(let library):
      [
        Reference(
          modules: [Schema.Module(name: library.name, attention: .isolated, cache: false, nodes: [])], isLibrary: true)
      ]
    }
  }
}

internal import Failure

/// What the analyzer finds in a prompt.
enum PromptProblem {
  /// The schemas that are at hand are others.
  case unknownSchema(String, known: KnownNames)
  case otherSchema(String, given: String)
  case unknownModule(String, scope: ModulePath, known: KnownNames)
  /// The module exists, but in another one.
  case nestedElsewhere(String, scope: ModulePath, path: ModulePath)
  case unknownParameter(String, module: ModulePath, known: KnownNames)
  case missingArgument(parameter: String, module: String)
  case importedTwice(ModulePath, first: Range<Int>)
  case unionMembers(String, String, other: Range<Int>)
  case textOutOfOrder(String, before: String, text: Range<Int>)
  case searchWithoutTop(String)
  case nothingToFind(library: String)
}

extension PromptProblem: Problem {
  var report: Report {
    switch self {
    case .unknownSchema(let name, let known):
      Report(
        code: .unknownSchema, message: "schema \(name.quoted()) is not at hand",
        help: (known.help("there are").map { $0 + (known.nearest == nil ? "; " : " else ") } ?? "")
          + Diagnostic.schemaFileHelp)
    case .otherSchema(let name, let given):
      Report(
        code: .otherSchema, message: "this prompt is for schema \(name.quoted()), not \(given.quoted())",
        help: "give it the schema that it names, or write `schema=\"\(given)\"`")
    case .unknownModule(let name, let scope, let known):
      Report(
        code: .unknownModule,
        message: "there is no module \(name.quoted()) in \(scope == .root ? "the schema" : scope.description.quoted())",
        help: known.help(none: "it has no modules"))
    case .nestedElsewhere(let name, let scope, let path):
      Report(
        code: .nestedElsewhere,
        message:
          "module \(name.quoted()) is not in \(scope == .root ? "the schema itself" : scope.description.quoted())",
        help: path.parent == .root
          ? "write it at the top of the prompt"
          : "write it inside \(("<" + (path.parent?.name ?? "") + ">").quoted()): its path is \(path.description.quoted())"
      )
    case .unknownParameter(let name, let module, let known):
      Report(
        code: .unknownParameter, message: "module \(module.description.quoted()) has no parameter \(name.quoted())",
        help: [known.question, known.list.map { "it has \($0)" } ?? "it has no parameters"].compactMap { $0 }
          .joined(separator: " "))
    case .missingArgument(let parameter, let module):
      Report(
        code: .missingArgument,
        message: "module \(module.quoted()) needs an argument for its parameter \(parameter.quoted())",
        help: "write `<\(module) \(parameter)=\"…\"/>`, or give the parameter a `default` in the schema")
    case .importedTwice(let path, let first):
      Report(
        code: .importedTwice, message: "module \(path.description.quoted()) is imported already",
        help: "a prompt imports a module once", related: [(first, "the first time")])
    case .unionMembers(let name, let otherName, let other):
      Report(
        code: .unionMembers, message: "\(name.quoted()) and \(otherName.quoted()) are members of one union",
        help: "a prompt imports one of them", related: [(other, "the other one")])
    case .textOutOfOrder(let name, let other, let text):
      Report(
        code: .textOutOfOrder,
        message:
          "\(name.quoted()) comes before \(other.quoted()) in the schema, so text cannot stand between references",
        help: "put the references into schema order, or the text behind the last one",
        related: [(text, "text before a reference")])
    case .searchWithoutTop(let attribute):
      Report(
        code: .searchWithoutTop, message: "`\(attribute)` says what to find, but not how much of it",
        help: "write `top` too, as in `top=\"4\"`")
    case .nothingToFind(let library):
      Report(
        code: .nothingToFind,
        message: "modules of \(library.quoted()) are to be found, and the prompt has no new text to find them by",
        help: "add text behind the last reference, or write `query`")
    }
  }
}

internal import Failure

/// What the analyzer finds in a schema.
enum SchemaProblem {
  case repeatedModule(String, first: Range<Int>)
  case repeatedParameter(String, first: Range<Int>)
  case unknownMember(String, known: KnownNames)
  case unknownScaffoldModule(String, scope: ModulePath, known: KnownNames)
  case scaffoldRepeats(ModulePath, first: Range<Int>)
  case scaffoldNests(outer: ModulePath, inner: ModulePath, other: Range<Int>)
  case scaffoldExcludes(String, String, other: Range<Int>)
  case scaffoldUncached(ModulePath)

  case unionOfOne
  case emptyModule(String)
  case emptyLibrary(String)
  case noPlaceholder(String)
  case deprecatedSpelling(String, instead: String)
  case scaffoldNeverUsed(first: Range<Int>)
}

extension SchemaProblem: Problem {
  var report: Report {
    switch self {
    case .repeatedModule(let name, let first):
      Report(
        code: .repeatedModule, message: "there is a module \(name.quoted()) in this scope already",
        help: "unions and roles open no scope of their own; choose another name", related: [(first, "the first one")])
    case .repeatedParameter(let name, let first):
      Report(
        code: .repeatedParameter, message: "there is a parameter \(name.quoted()) in this module already",
        help: "choose another name", related: [(first, "the first one")])
    case .unknownMember(let name, let known):
      Report(code: .unknownMember, message: "this union has no member \(name.quoted())", help: known.help())
    case .unknownScaffoldModule(let name, let scope, let known):
      Report(
        code: .unknownScaffoldModule,
        message: "there is no module \(name.quoted()) in \(scope == .root ? "the schema" : scope.description.quoted())",
        help: known.question
          ?? (known.list.map { "it has \($0); " } ?? "it has no modules; ")
          + "write the path of a module from the schema down, as in `a/b`")
    case .scaffoldRepeats(let path, let first):
      Report(
        code: .scaffoldRepeats, message: "\(path.description.quoted()) is in this scaffold already",
        related: [(first, "the first one")])
    case .scaffoldNests(let outer, let inner, let other):
      Report(
        code: .scaffoldNests,
        message: "\(inner.description.quoted()) lies in \(outer.description.quoted()), and both are in this scaffold",
        help: "list one of them", related: [(other, "the other one")])
    case .scaffoldExcludes(let name, let otherName, let other):
      Report(
        code: .scaffoldExcludes,
        message: "\(name.quoted()) and \(otherName.quoted()) are members of one union, so no prompt imports both",
        help: "list one of them", related: [(other, "the other one")])
    case .scaffoldUncached(let path):
      Report(
        code: .scaffoldUncached,
        message: "\(path.description.quoted()) has `cache=\"false\"`, so there is nothing to encode together",
        help: "leave it out, or remove `cache=\"false\"`")
    case .unionOfOne:
      Report(
        code: .unionOfOne, severity: .warning, message: "this union has one member only",
        help: "a module alone does the same")
    case .emptyModule(let name):
      Report(
        code: .emptyModule, severity: .warning, message: "module \(name.quoted()) is empty: importing it adds nothing")
    case .emptyLibrary(let name):
      Report(
        code: .emptyLibrary, severity: .warning,
        message: "library \(name.quoted()) has no modules: there is nothing to name or to find in it")
    case .noPlaceholder(let name):
      Report(
        code: .noPlaceholder, severity: .warning,
        message: "parameter \(name.quoted()) has text behind it but no placeholder text",
        help: "write a typical argument into `scaffold`; what follows is encoded behind it")
    case .deprecatedSpelling(let old, let new):
      Report(
        code: .deprecatedSpelling, severity: .warning, message: "`\(old)` is an old spelling", help: "write `\(new)`")
    case .scaffoldNeverUsed(let first):
      Report(
        code: .scaffoldNeverUsed, severity: .warning,
        message: "this scaffold is never used: an earlier one lists the same modules",
        help: "remove it", related: [(first, "the earlier one")])
    }
  }
}

import FileSystem
import Glibc
import PMLCompiler
import Testing

/// Files of `src` as a test gives them.
struct FakeIncludes: IncludeReader {
  var files: [FilePath: [UInt8]] = [:]

  init(_ files: [String: String] = [:]) {
    self.files = Dictionary(uniqueKeysWithValues: files.map { (FilePath($0), Array($1.utf8)) })
  }

  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] {
    guard let bytes = files[path] else { throw .unreadable(SystemFailure("open", path, code: ENOENT)) }
    return Array(bytes.prefix(limit))
  }
}

extension ChatTemplate {
  static let none = ChatTemplate(system: .init("", ""), user: .init("", ""), assistant: .init("", ""), header: "")
  /// Each part says what it is, so that a test sees where it went.
  static let marked = ChatTemplate(
    system: .init("<S>", "</S>"), user: .init("<U>", "</U>"), assistant: .init("<A>", "</A>"), header: "<A>",
    userAfterSystem: .init("", "</U>"))
}

func compileSchema(
  _ text: String, template: ChatTemplate = .none, includes: FakeIncludes = FakeIncludes()
) -> SchemaCompilation {
  PML.compileSchema(SourceFile(path: "schema.pml", text: text), template: template, includes: includes)
}

/// The lowered schema of a document that has no errors.
func lowered(
  _ text: String, template: ChatTemplate = .none, includes: FakeIncludes = FakeIncludes(),
  _ location: SourceLocation = #_sourceLocation
) throws -> Schema {
  let compilation = compileSchema(text, template: template, includes: includes)
  let errors = compilation.diagnostics.filter { $0.severity == .error }
  #expect(errors == [], sourceLocation: location)
  return try #require(compilation.schema, sourceLocation: location)
}

extension EncodingPlan {
  /// The plan with the documents that a prompt names.
  func importing(
    _ prompt: Prompt, from libraries: SourceLibraries, with tokenizer: some TextTokenizer
  ) throws -> EncodingPlan {
    let contents = TokenizedLibraries(libraries, with: tokenizer)
    let documents = try prompt.imports.compactMap { imported -> ImportedDocument? in
      guard let index = layout.libraries.firstIndex(where: { layout.modules[$0.module].path == imported.path.parent }),
        let name = imported.path.name,
        let tokens = try contents.tokens(of: name, in: layout.libraries[index].declaration)
      else { return nil }
      return ImportedDocument(library: index, name: name, tokens: tokens)
    }
    return importing(documents)
  }
}

func compilePrompt(
  _ text: String, for schema: String, template: ChatTemplate = .none, _ location: SourceLocation = #_sourceLocation
) throws -> PromptCompilation {
  let compilation = compileSchema(schema, template: template)
  return PML.compilePrompt(
    SourceFile(path: "prompt.pml", text: text), schema: try lowered(schema, template: template, location),
    template: template, libraries: compilation.libraries)
}

/// The resolved prompt of a document that has no errors.
func resolved(
  _ text: String, for schema: String, template: ChatTemplate = .none, _ location: SourceLocation = #_sourceLocation
) throws -> Prompt {
  let compilation = try compilePrompt(text, for: schema, template: template, location)
  #expect(compilation.diagnostics == [], sourceLocation: location)
  return try #require(compilation.prompt, sourceLocation: location)
}

extension Schema {
  /// The content in a line: text in `"`, template text in `|`, a parameter in `{}` with `_` for a moved space, a module in
  /// `name(…)`, a union in `[…]`.
  var sketch: String { nodes.map(\.sketch).joined(separator: " ") }
}

extension Schema.Node {
  fileprivate var sketch: String {
    switch self {
    case .text(let run): run.sketch
    case .parameter(let parameter): "{\(parameter.leadingSpace ? "_" : "")\(parameter.name)}"
    case .module(let module): module.sketch
    case .library(let library): "<\(library.name) \(library.count)/\(library.window)>"
    case .union(let union): "[\(union.members.map(\.sketch).joined(separator: " "))]"
    }
  }
}

extension Schema.Module {
  fileprivate var sketch: String { "\(name)(\(nodes.map(\.sketch).joined(separator: " ")))" }
}

extension TextRun {
  /// The text with line feeds as `⏎`.
  var sketch: String {
    let mark = origin == .template ? "|" : "\""
    return mark + text.map { $0 == "\n" ? "⏎" : String($0) }.joined() + mark
  }
}

extension Prompt {
  /// New text in a line, each group with the module that it stands before.
  var sketch: String {
    newText.map { group in
      let runs = group.runs.map(\.sketch).joined(separator: " ")
      return switch group.place {
      case .before(let next, let previous): "\(previous.map { "\($0)<" } ?? "")\(runs)<\(next)"
      case .end: runs
      }
    }.joined(separator: " ; ")
  }
}

extension Diagnostic {
  /// Code and place, as in `PML201 3:14-3:17`.
  var sketch: String {
    let (start, end) = (range.lowerBound, range.upperBound)
    return "\(code.rawValue) \(start.line):\(start.column)-\(end.line):\(end.column)"
  }

  /// The characters that it points at.
  func text(in source: SourceFile) -> String {
    String(decoding: source.bytes[range.lowerBound.offset..<range.upperBound.offset], as: UTF8.self)
  }
}

/// Codes of the problems of a schema.
func codes(ofSchema text: String) -> [String] { compileSchema(text).diagnostics.map(\.code.rawValue) }

/// Code and characters of each problem of a schema.
func problems(ofSchema text: String, includes: FakeIncludes = FakeIncludes()) -> [String] {
  let compilation = compileSchema(text, includes: includes)
  return compilation.diagnostics.map { "\($0.code.rawValue) \($0.text(in: compilation.source))" }
}

/// Code and characters of each problem of a prompt.
func problems(ofPrompt text: String, for schema: String) throws -> [String] {
  let compilation = try compilePrompt(text, for: schema)
  return compilation.diagnostics.map { "\($0.code.rawValue) \($0.text(in: compilation.source))" }
}

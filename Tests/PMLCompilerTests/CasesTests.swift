import FileSystem
import Foundation
import PMLCompiler
import TestSupport
import Testing

/// The documents of `Cases`: what is said about each (`.stderr`) and what becomes of it (`.lowered`).
///
/// A prompt's schema is the case of that name. With `PMLC_RECORD=1` both are written anew; a person reads the difference.
@Suite struct CasesTests {
  private static let folder = Repository.path("Tests/PMLCompilerTests/Cases")

  static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { $0.hasSuffix(".pml") }.sorted() ?? []

  private struct Outcome: Equatable {
    let diagnostics: [Diagnostic]
    let lowered: String?
    var json: [UInt8]?
  }

  private func read(_ name: String) throws -> SourceFile {
    SourceFile(path: FilePath(name), bytes: try SourceFile.read(FilePath("\(Self.folder)/\(name)")).bytes)
  }

  private func compile(_ source: SourceFile) throws -> Outcome {
    let template = try #require(ChatTemplate.named("llama2"))
    let includes = FolderIncludeReader(besides: FilePath("\(Self.folder)/\(source.path)"))
    if PML.rootKind(of: source) == .prompt {
      let schemaSource = try read("\(PML.schemaName(ofPrompt: source) ?? "trip").pml")
      let schema = try #require(PML.compileSchema(schemaSource, template: template, includes: includes).schema)
      let compilation = PML.compilePrompt(source, schema: schema, template: template)
      let lowered = compilation.prompt.map { prompt in
        let imports = prompt.imports.map { imported in
          let arguments = imported.arguments.sorted { $0.key < $1.key }.map { " \($0)=\"\($1.text)\"" }
          return "<\(imported.path)\(arguments.joined())>\n"
        }
        return imports.joined() + prompt.sketch + (prompt.endsWithUserTurn ? "\n(user turn)\n" : "\n")
      }
      return Outcome(diagnostics: compilation.diagnostics, lowered: lowered)
    }
    let compilation = PML.compileSchema(source, template: template, includes: includes)
    return Outcome(
      diagnostics: compilation.diagnostics, lowered: compilation.schema?.drawing,
      json: compilation.schema?.canonicalJSON)
  }

  @Test(arguments: names)
  func aCaseIsAsRecorded(_ name: String) throws {
    let source = try read(name)
    let outcome = try compile(source)
    let stem = "\(Self.folder)/\(name.dropLast(4))"
    try expectGolden(TextRenderer(sources: [source]).render(outcome.diagnostics), "\(stem).stderr")
    try expectGolden(outcome.lowered ?? "", "\(stem).lowered")
  }

  /// What holds for every document: the same each time, in source order, each problem once, a lowered form if and only if
  /// there is no error, one that reads back as it was written; and no beginning of it does harm.
  @Test(arguments: names)
  func aCaseIsSound(_ name: String) throws {
    let source = try read(name)
    let outcome = try compile(source)
    #expect(try compile(source) == outcome)
    #expect(outcome.diagnostics.inSourceOrder() == outcome.diagnostics)
    #expect(Set(outcome.diagnostics).count == outcome.diagnostics.count)
    #expect((outcome.lowered == nil) == outcome.diagnostics.contains { $0.severity == .error })
    if let json = outcome.json {
      #expect(try Schema(canonicalJSON: json).canonicalJSON == json)
    }
    for diagnostic in outcome.diagnostics {
      let range = diagnostic.range
      #expect(range.upperBound.offset <= source.bytes.count && range.lowerBound <= range.upperBound)
    }
    for length in stride(from: 0, to: source.bytes.count - 1, by: max(1, source.bytes.count / 400)) {
      let prefix = SourceFile(path: "prefix.pml", bytes: Array(source.bytes[..<length]))
      let found = PML.compileSchema(prefix, template: .plain, includes: FakeIncludes()).diagnostics
      #expect(found.contains { $0.code.rawValue.hasPrefix("PML0") }, "\(length) bytes")
    }
  }
}

extension Schema {
  /// Its content, a line for each part of the top level, and its scaffolds.
  fileprivate var drawing: String {
    let parts = nodes.map { Schema(name: "", attention: .context, nodes: [$0]).sketch + "\n" }
    let sets = scaffolds.map { "scaffold \($0.modules.map(\.description).joined(separator: " "))\n" }
    return "\(name) \(attention.rawValue)\n" + parts.joined() + sets.joined()
  }
}

/// Compares with a file, or writes it where `PMLC_RECORD=1`; no file is the same as an empty one.
func expectGolden(_ text: String, _ path: String, _ location: Testing.SourceLocation = #_sourceLocation) throws {
  guard ProcessInfo.processInfo.environment["PMLC_RECORD"] == "1" else {
    let expected = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    #expect(text == expected, "\(path)", sourceLocation: location)
    return
  }
  if text.isEmpty {
    try? FileManager.default.removeItem(atPath: path)
  } else {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}

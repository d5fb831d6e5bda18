import Foundation
import PMLCompiler
import Testing

/// `docs/pml.md`: its examples compile, and the tests that it names exist.
@Suite struct ReferencePageTests {
  private let page: String

  init() throws { page = try Repository.text("docs/pml.md") }

  @Test func itsExamplesCompile() throws {
    var schema: Schema?
    for example in MarkedPage(page).examples where !example.isScript {
      if example.document.hasPrefix("<prompt") {
        let source = SourceFile(path: "prompt.pml", text: example.document)
        let compilation = PML.compilePrompt(source, schema: try #require(schema), template: .plain)
        #expect(compilation.diagnostics == [])
      } else {
        schema = try lowered(example.document)
      }
    }
    #expect(schema != nil)
  }

  @Test func theTestsThatItNamesExist() throws {
    let folder = Repository.path("Tests/PMLCompilerTests")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    let sources = try files.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
    let table = try #require(page.components(separatedBy: "## Where each rule is tested").last)
    let names = table.split(separator: "`").map(String.init).filter { $0.contains("Tests") && !$0.contains(" ") }
    #expect(names.count > 30)
    for name in names {
      let parts = name.split(separator: "/")
      let source = sources.first { $0.contains("struct \(parts[0])") }
      #expect(source != nil, "\(name)")
      if parts.count > 1 { #expect(source?.contains("func \(parts[1])(") == true, "\(name)") }
    }
  }
}

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
    let folder = Repository.path("Tests")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    let sources = try files.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
    let table = try #require(page.components(separatedBy: "## Where each rule is tested").last)
    let names = table.split(separator: "`").map(String.init).filter { $0.contains("Tests") && !$0.contains(" ") }
    #expect(names.count > 100)
    for name in names {
      let parts = name.split(separator: "/")
      let source = sources.first { $0.contains("struct \(parts[0]) ") }
      #expect(source != nil, "\(name)")
      if parts.count > 1 { #expect(source?.contains("func \(parts[1])(") == true, "\(name)") }
    }
  }

  /// Each row of the tables has a test for both columns.
  @Test func everyRuleHasItsTests() throws {
    let table = try #require(page.components(separatedBy: "## Where each rule is tested").last)
    let lines = table.split(separator: "\n").filter { $0.hasPrefix("| ") }
    let rows = lines.filter { !$0.hasPrefix("| ---") && !$0.hasPrefix("| rule") }
    #expect(rows.count > 50)
    for row in rows {
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      #expect(cells.count >= 2, "\(row)")
      for cell in cells.dropFirst() { #expect(cell.contains("Tests") || cell == "the same", "\(row)") }
    }
  }
}

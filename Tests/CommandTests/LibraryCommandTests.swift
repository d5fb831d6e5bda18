import Foundation
import TestSupport
import Testing

/// Libraries, by the commands.
@Suite struct LibraryCommandTests {
  private let folder: TemporaryFolder
  private static let schema = """
    <schema name="desk">Answer.
      <library name="docs" window="64">
        <module name="mayor">The mayor of Norville is Taki.</module>
        <module name="price">The Worbi costs 149 euros.</module>
        <module name="file" src="texts/file.txt"/>
        <module name="river"><![CDATA[Norville lies <on> the river Lenbru.]]></module>
      </library>
    </schema>
    """

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(Self.schema, to: "schema.pml")
    try FileManager.default.createDirectory(atPath: folder.path("texts"), withIntermediateDirectories: true)
    try folder.write("Kettles boil water.", to: "texts/file.txt")
    for (name, references) in [
      ("named", "<docs><price/><mayor/></docs>"), ("found", #"<docs top="1"><mayor/></docs>"#),
      ("attention", #"<docs top="1" rank="attention"/>"#), ("unknown", "<docs><prise/></docs>"),
    ] {
      try folder.write(
        #"<prompt schema="desk">\#(references) Question: What does the Worbi cost? Answer:</prompt>"#, to: "\(name).pml"
      )
    }
  }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
  }

  private struct Module: Decodable {
    let path: String
    let start: Int?
    let tokens: Int
    let score: Double?
  }

  private struct Answer: Decodable {
    let token_ids: [Int]
    let modules: [Module]?
  }

  private struct Found: Decodable {
    let schema: String
    let library: String
    let modules: [Module]
  }

  private struct Inspection: Decodable {
    struct Library: Decodable {
      let path: String
      let window: Int
      let count: Int
      let longest: Module
      let modules: [Module]?
    }

    let length: Int
    let modules: [Placed]
    let libraries: [Library]

    struct Placed: Decodable {
      let path: String
      let start: Int
      let length: Int
    }
  }

  private func json<Value: Decodable>(_ run: PMLC.Result) throws -> Value {
    try #require(run.status == 0, "\(run.standardError)")
    return try JSONDecoder().decode(Value.self, from: Data(run.standardOutput.utf8))
  }

  @Test func aPromptNamesAndFindsModules() async throws {
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    let named: Answer = try json(await pmlc("run", "named.pml", "--json", "--max-tokens", "4"))
    #expect(named.modules == nil)
    for options in [[], ["--schema", "schema.pml"], ["--no-cache"], ["--schema", "schema.pml", "--no-cache"]] {
      let run = try await PMLC.run(
        ["run", "found.pml", "--json", "--max-tokens", "4"] + options,
        environment: ["PMLC_STORE": folder.path("store")], in: folder)
      let found: Answer = try json(run)
      #expect(found.modules?.map(\.path) == ["docs/price"])
      #expect((found.modules?.first?.start ?? 0) > 0)
      #expect((found.modules?.first?.score ?? 0) > 0)
    }
    let told = try await pmlc("run", "found.pml", "--max-tokens", "2")
    #expect(told.standardError.contains("found `docs/price`: "))
    let attention: Answer = try json(await pmlc("run", "attention.pml", "--json", "--max-tokens", "2"))
    #expect(attention.modules?.count == 1)
    let audit = try await pmlc("audit", "found.pml", "named.pml", "--json", "--max-tokens", "4")
    #expect(audit.status == 0, "\(audit.standardError)")
  }

  @Test func whatSuitsAQuestionIsFound() async throws {
    let file: Found = try json(await pmlc("find", "schema.pml", "boil \"water\" NOT (", "--json"))
    #expect((file.schema, file.library) == ("desk", "docs"))
    #expect(file.modules.map(\.path) == ["docs/file"])
    #expect(try await pmlc("find", "desk", "Worbi").status == 2)
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    let stored: Found = try json(await pmlc("find", "desk", "boil \"water\" NOT (", "--json", "--library", "docs"))
    #expect(stored.modules.map(\.score) == file.modules.map(\.score))
    let table = try await pmlc("find", "desk", "Norville", "--top", "1")
    #expect(table.standardOutput.split(separator: "\n").count == 2)
    let other = try await pmlc("find", "desk", "x", "--library", "books")
    #expect(other.status == 2)
    #expect(other.standardError.contains("has no library `books`"))
    #expect(try await pmlc("find", "desk", "x", "--top", "0").status == 64)
  }

  @Test func aLibraryIsShownByNumbers() async throws {
    let inspection: Inspection = try json(await pmlc("inspect", "schema.pml", "--json"))
    #expect(inspection.modules.map(\.path) == ["docs"])
    #expect(inspection.modules.first?.length == 64)
    #expect(inspection.libraries.map(\.count) == [4])
    #expect(inspection.libraries.first?.modules == nil)
    let all: Inspection = try json(await pmlc("inspect", "schema.pml", "--json", "--documents"))
    #expect(all.libraries.first?.modules?.map(\.path) == ["docs/mayor", "docs/price", "docs/file", "docs/river"])
    #expect(try await pmlc("inspect", "schema.pml").standardOutput.contains("library docs: 4 modules, window 64"))
    // What `compile` writes tells as much.
    #expect(try await pmlc("compile", "schema.pml", "-o", "schema.pmlir").status == 0)
    let compiled: Inspection = try json(await pmlc("inspect", "schema.pmlir", "--json", "--documents"))
    #expect(compiled.libraries.first?.longest.path == inspection.libraries.first?.longest.path)
    #expect(try await pmlc("inspect", "--documents").status == 64)
  }

  @Test func anEditCostsOneModule() async throws {
    try folder.write(Self.schema.replacing("149", with: "159"), to: "edited.pml")
    let diff = try await pmlc("diff", "schema.pml", "edited.pml", "--exit-code")
    #expect(diff.status == 1)
    #expect(diff.standardOutput.contains("docs/price"))
    #expect(!diff.standardOutput.contains("docs/mayor"))
    // Of the version in the store as of a file.
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    #expect(try await pmlc("diff", "schema.pml", "--exit-code").status == 0)
    let stored = try await pmlc("diff", "edited.pml", "--exit-code")
    #expect(stored.status == 1 && stored.standardOutput == diff.standardOutput && stored.standardError.isEmpty)
    try folder.write("Kettles boil milk.", to: "texts/file.txt")
    let file = try await pmlc("diff", "schema.pml", "--json")
    #expect(file.standardOutput.contains(#""documents":[{"path":"docs/file","#), "\(file.standardOutput)")
    try folder.write("Kettles boil water.", to: "texts/file.txt")
    let same = try await pmlc("diff", "schema.pml", "schema.pml", "--exit-code")
    #expect(same.status == 0)
  }

  @Test func whatIsWrongIsSaid() async throws {
    let unknown = try await pmlc("check", "schema.pml", "unknown.pml")
    #expect(unknown.status == 1)
    #expect(unknown.standardError.contains("PML302") && unknown.standardError.contains("did you mean `price`?"))
    try folder.write(Self.schema.replacing("window=\"64\"", with: "window=\"4\""), to: "narrow.pml")
    let narrow = try await pmlc("warm", "narrow.pml")
    #expect(narrow.status == 1)
    #expect(narrow.standardError.contains("PML407"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("store/data.mdb")))
    let grammar = try await pmlc("grammar", "schema.pml")
    #expect(grammar.standardOutput.contains("<element name=\"river\">"))
  }
}

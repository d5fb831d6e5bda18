import Foundation
import TestSupport
import Testing

/// Many files in one run of `check`.
@Suite struct BatchTests {
  private struct Found: Decodable, Equatable {
    let file: String
    let line: Int
    let code: String
  }

  private func found(_ arguments: [String], in folder: TemporaryFolder) async throws -> [Found] {
    let run = try await PMLC.run(["check", "--format", "json"] + arguments, in: folder)
    return try JSONDecoder().decode([Found].self, from: Data(run.standardOutput.utf8))
  }

  /// Files as they are given, problems by place: whatever finishes first.
  @Test func orderIsThatOfTheFiles() async throws {
    let folder = try TemporaryFolder()
    var expected: [Found] = []
    var names: [String] = []
    for number in 0..<120 {
      // The first are by far the largest.
      let filler = String(repeating: "text ", count: number < 4 ? 400_000 : 10)
      let name = "\(number % 7)-\(number).pml"
      names.append(name)
      try folder.write(
        "<schema name=\"s\(number)\">\n<x/>\(filler)\n<module name=\"a\"/>\n<module name=\"a\">a</module></schema>",
        to: name)
      expected += [(2, "PML101"), (3, "PML251"), (4, "PML201")].map { Found(file: name, line: $0.0, code: $0.1) }
    }
    for _ in 0..<3 { #expect(try await found(names, in: folder) == expected) }
    let reversed = try await found(names.reversed(), in: folder)
    #expect(reversed.map(\.file) == names.reversed().flatMap { [$0, $0, $0] })
  }

  /// Prompts find their schemas wherever they stand in the list, and what is wrong with `--schema` comes last.
  @Test func promptsFindTheirSchemas() async throws {
    let folder = try Documents.folder()
    try folder.write("<prompt schema=\"t\"><x/></prompt>", to: "t-prompt.pml")
    try folder.write(
      "<schema name=\"t\"><module name=\"x\">x</module><module name=\"x\">x</module></schema>", to: "t.pml")
    try folder.write("<prompt schema=\"u\"/>", to: "u-prompt.pml")
    let files = ["prompt.pml", "t-prompt.pml", "u-prompt.pml", "t.pml", "schema.pml"]
    #expect(
      try await found(files, in: folder) == [
        Found(file: "u-prompt.pml", line: 1, code: "PML300"), Found(file: "t.pml", line: 1, code: "PML201"),
      ])
    #expect(
      try await found(["t-prompt.pml", "--schema", "t.pml"], in: folder) == [
        Found(file: "t.pml", line: 1, code: "PML201")
      ])
  }

  /// What can be read is checked, though something else cannot.
  @Test func allFilesThatCannotBeReadAreNamed() async throws {
    let folder = try Documents.folder()
    try folder.write("<schema/>", to: "wrong.pml")
    try folder.write("no document", to: "empty/notes.txt")
    let run = try await PMLC.run(["check", "no.pml", "wrong.pml", "empty", "schema.pml/x"], in: folder)
    #expect(run.status == 2)
    #expect(run.standardOutput == "")
    let lines = run.standardError.split(separator: "\n").filter { $0.contains("error") }
    #expect(
      lines == [
        "wrong.pml:1:2: error[PML105]: `schema` needs the attribute `name`",
        "pmlc: error: cannot read `no.pml`: there is no such file",
        "pmlc: error: cannot read `empty`: the folder holds no file `*.pml`",
        "pmlc: error: cannot read `schema.pml/x`: there is no such file",
      ])
    let schema = try await PMLC.run(["check", "wrong.pml", "--schema", "no.pml"], in: folder)
    #expect(schema.status == 2)
    #expect(schema.standardError == "pmlc: error: cannot read `no.pml`: there is no such file\n")
  }
}

import Foundation
import TestSupport
import Testing

/// Answers from a version whose files are not what they were.
@Suite struct SourceChangeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("Text of a file.", to: "schemas/texts/a.txt")
    try folder.write(
      "<schema name='s'><module name='m' src='texts/a.txt'/><module name='n'>N</module></schema>", to: "schemas/s.pml")
    try folder.write("<prompt schema='s'><m/> Go:</prompt>", to: "p.pml")
  }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    return run
  }

  private func warning(_ extra: String...) async throws -> String? {
    let run = try await PMLC.run(
      ["run", "p.pml", "--max-tokens", "1"] + extra, environment: ["PMLC_STORE": folder.path("store")], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    return run.standardError.split(separator: "\n").first { $0.contains("warning: ") }.map(String.init)
  }

  @Test func aChangeIsToldUntilItIsWarmed() async throws {
    _ = try await pmlc("warm", "schemas/s.pml")
    #expect(try await warning() == nil)
    // The same bytes, written again.
    try folder.write("Text of a file.", to: "schemas/texts/a.txt")
    #expect(try await warning() == nil)
    try folder.write("Other text.", to: "schemas/texts/a.txt")
    let told = try #require(try await warning())
    #expect(told.contains("schemas/texts/a.txt` changed since version 1 of schema `s` was warmed"))
    #expect(try await warning("--no-cache") != nil)
    #expect(try await warning("--schema", "schemas/s.pml") == nil)
    let document = try String(contentsOfFile: folder.path("schemas/s.pml"), encoding: .utf8)
    try folder.write(document.replacing("N</module>", with: "M</module>"), to: "schemas/s.pml")
    #expect(try await warning()?.contains("and 1 other file changed") == true)
    _ = try await pmlc("warm", "schemas/s.pml")
    #expect(try await warning() == nil)
    // What is not there, as on another machine, is no change.
    try FileManager.default.removeItem(atPath: folder.path("schemas"))
    #expect(try await warning() == nil)
    #expect(try await pmlc("store", "verify").standardOutput.contains("are whole"))
    _ = try await pmlc("store", "rm", "s")
    #expect(try await pmlc("store", "verify").standardOutput.contains("are whole"))
  }

  @Test func aMissingSchemaNamesTheOption() async throws {
    let check = try await PMLC.run(["check", "p.pml"], in: folder)
    #expect(check.status == 1 && check.standardError.contains("help: pass the schema's file with `--schema`"))
    let json = try await PMLC.run(["check", "p.pml", "--format", "json"], in: folder)
    #expect(json.standardOutput.contains("--schema"))
  }

  @Test func rawCharactersHideNothing() async throws {
    try folder.write(
      "<schema name='r'>R&D <modul name='x'>a < b</modul><module/></schema>", to: "raw.pml")
    let run = try await PMLC.run(["check", "raw.pml"], in: folder)
    let codes = run.standardError.matches(of: /error\[(PML\d+)\]/).map { String($0.1) }
    #expect(codes == ["PML011", "PML101", "PML010", "PML104"] || codes == ["PML011", "PML101", "PML010", "PML105"])
  }
}

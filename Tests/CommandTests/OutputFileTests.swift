import Foundation
import Glibc
import TestSupport
import Testing

/// Where results are written to, when `-o` and `--html` say so.
@Suite struct OutputFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try Documents.folder() }

  private func compile(to path: String) async throws -> PMLC.Result {
    try await PMLC.run(["compile", "schema.pml", "-o", path], in: folder)
  }

  private func permissions(_ name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: folder.path(name))[.posixPermissions] as? Int
  }

  @Test func aFileIsReplacedAndKeepsItsPermissions() async throws {
    try folder.write("old", to: "out.pmlir")
    #expect(unsafe chmod(folder.path("out.pmlir"), 0o640) == 0)
    #expect(try await compile(to: "out.pmlir").status == 0)
    #expect(try permissions("out.pmlir") == 0o640)
    #expect(try await compile(to: "new.pmlir").status == 0)
    let new = try String(contentsOfFile: folder.path("new.pmlir"), encoding: .utf8)
    #expect(try String(contentsOfFile: folder.path("out.pmlir"), encoding: .utf8) == new)
    #expect(try permissions("new.pmlir") == 0o644)
    #expect(folder.files() == ["new.pmlir", "out.pmlir", "prompt.pml", "schema.pml"])
  }

  @Test func aLinkStaysOne() async throws {
    try folder.write("old", to: "elsewhere/out.pmlir")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: "elsewhere/out.pmlir")
    #expect(try await compile(to: "link").status == 0)
    #expect(try String(contentsOfFile: folder.path("elsewhere/out.pmlir"), encoding: .utf8).hasPrefix("{"))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "elsewhere/out.pmlir")
  }

  @Test func devicesAreWrittenTo() async throws {
    #expect(try await compile(to: "/dev/null").status == 0)
    let standardOutput = try await compile(to: "/dev/stdout")
    #expect(standardOutput.status == 0 && standardOutput.standardOutput.hasPrefix("{"))
    var status = stat()
    #expect(unsafe stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test(arguments: [
    ("no/such/folder", "No such file or directory"), (".", "Is a directory"), ("schema.pml/x", "Not a directory"),
    ("/dev/full", "No space left on device"),
  ])
  func whatCannotBeWrittenSaysWhy(_ path: String, _ reason: String) async throws {
    let run = try await compile(to: path)
    #expect(run.status == 2)
    #expect(run.standardError == "pmlc: error: cannot write `\(path)`: \(reason)\n")
    #expect(folder.files() == ["prompt.pml", "schema.pml"])
  }

  @Test func allSchemasAreJudged() async throws {
    try folder.write("<schema/>", to: "a.pml")
    try folder.write("<schema name=\"s\"><x/></schema>", to: "b.pml")
    let run = try await PMLC.run(["compile", "a.pml", "schema.pml", "b.pml", "-o", "out"], in: folder)
    #expect(run.status == 1)
    #expect(run.standardError.contains("a.pml:1:2: error[PML105]"))
    #expect(run.standardError.contains("b.pml:1:19: error[PML101]"))
    let missing = try await PMLC.run(["compile", "none.pml", "b.pml", "-o", "out"], in: folder)
    #expect(missing.status == 2)
    #expect(missing.standardError.contains("b.pml:1:19: error[PML101]"))
    #expect(!folder.files().contains("out"))
  }

  @Test func aTemplateIsReadWithoutAModelToo() async throws {
    let run = try await PMLC.run(["check", "schema.pml", "--chat-template", "no-such"], in: folder)
    #expect(run.status == 2 && run.standardError.contains("no-such"))
    let known = try await PMLC.run(["check", "schema.pml", "--chat-template", "llama2", "-q"], in: folder)
    #expect(known.status == 0 && known.standardError == "")
  }
}

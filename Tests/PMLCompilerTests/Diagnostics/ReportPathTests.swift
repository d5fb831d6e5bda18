import FileSystem
import Foundation
import PMLCompiler
import TestSupport
import Testing

/// How GitHub's format and SARIF name files, whichever folder the check runs in.
@Suite struct ReportPathTests {
  private let temporary: TemporaryFolder
  private var root: FilePath { FilePath(temporary.path("")).resolved }

  init() throws {
    temporary = try TemporaryFolder()
    try temporary.write("", to: "work/prompts/deep/a.pml")
    try temporary.write("", to: "work/schemas/b.pml")
    try temporary.write("", to: "elsewhere/c.pml")
  }

  private func gitHub(_ file: FilePath, from folder: String, workspace: FilePath? = nil) -> String? {
    let paths = ReportPaths(folder: root.appending(FilePath(folder)), workspace: workspace)
    let command = GitHubRenderer.render([diagnostic(in: file)], paths: paths)
    return command.firstMatch(of: /file=([^,]*),/).map { String($0.output.1) }
  }

  private func diagnostic(in file: FilePath) -> Diagnostic {
    let place = SourcePosition(offset: 0, line: 1, column: 1)
    return Diagnostic(code: .init(rawValue: "PML999"), file: file, range: place..<place, message: "wrong")
  }

  private func makeRepository(_ folder: String) throws {
    try temporary.write("ref: refs/heads/main\n", to: folder + "/.git/HEAD")
  }

  @Test func withoutARepositoryPathsStayAsGiven() {
    #expect(gitHub("a.pml", from: "work/prompts/deep") == "a.pml")
    #expect(gitHub("../../schemas/b.pml", from: "work/prompts/deep") == "../../schemas/b.pml")
  }

  @Test func pathsStartAtTheRepositorysRoot() throws {
    try makeRepository("work")
    #expect(gitHub("a.pml", from: "work/prompts/deep") == "prompts/deep/a.pml")
    #expect(gitHub("../../schemas/b.pml", from: "work/prompts/deep") == "schemas/b.pml")
    #expect(gitHub("./schemas/../schemas/b.pml", from: "work") == "schemas/b.pml")
    #expect(gitHub(root.appending("work/schemas/b.pml"), from: "elsewhere") == "schemas/b.pml")
    #expect(gitHub("../elsewhere/c.pml", from: "work") == "../elsewhere/c.pml")
    #expect(gitHub("missing/a.pml", from: "work/prompts") == "prompts/missing/a.pml")
  }

  /// In a worktree or a submodule, `.git` is a file.
  @Test func theNearestRepositoryCounts() throws {
    try makeRepository("work")
    try temporary.write("gitdir: ../../.git/worktrees/x\n", to: "work/prompts/.git")
    #expect(gitHub("deep/a.pml", from: "work/prompts") == "deep/a.pml")
    #expect(gitHub("prompts/deep/a.pml", from: "work") == "deep/a.pml")
  }

  @Test func theWorkspaceWinsForWhatLiesInIt() throws {
    try makeRepository("work")
    #expect(gitHub("a.pml", from: "work/prompts/deep", workspace: root) == "work/prompts/deep/a.pml")
    #expect(gitHub("a.pml", from: "work/prompts/deep", workspace: root.appending("elsewhere")) == "prompts/deep/a.pml")
    #expect(gitHub("../elsewhere/c.pml", from: "work", workspace: root.appending("elsewhere")) == "c.pml")
    // Not a folder that merely begins like it.
    #expect(gitHub("../elsewhere/c.pml", from: "work", workspace: root.appending("else")) == "../elsewhere/c.pml")
  }

  @Test func linksToFoldersAreFollowedAndLinksToFilesKept() throws {
    try makeRepository("work")
    try FileManager.default.createSymbolicLink(
      atPath: temporary.path("outside"), withDestinationPath: temporary.path("work/prompts"))
    try FileManager.default.createSymbolicLink(
      atPath: temporary.path("work/link.pml"), withDestinationPath: temporary.path("elsewhere/c.pml"))
    #expect(gitHub("outside/deep/a.pml", from: "") == "prompts/deep/a.pml")
    #expect(gitHub("link.pml", from: "work") == "link.pml")
  }

  @Test func standardInputIsNoFile() throws {
    try makeRepository("work")
    #expect(gitHub(SourceFile.standardInput, from: "work") == "<stdin>")
  }

  private struct Log: Decodable {
    struct Run: Decodable {
      let results: [Result]
      let originalUriBaseIds: [String: Artifact]?
    }
    struct Result: Decodable {
      let locations: [Location]
      let partialFingerprints: [String: String]
    }
    struct Location: Decodable { let physicalLocation: PhysicalLocation }
    struct PhysicalLocation: Decodable { let artifactLocation: Artifact }
    struct Artifact: Decodable, Equatable {
      let uri: String
      var uriBaseId: String?
    }
    let runs: [Run]
  }

  private func sarif(_ files: [FilePath], from folder: String) throws -> Log.Run {
    let paths = ReportPaths(folder: root.appending(FilePath(folder)))
    let text = SARIFRenderer(sources: [], paths: paths, version: "1").render(files.map(diagnostic(in:)))
    return try #require(try JSONDecoder().decode(Log.self, from: Data(text.utf8)).runs.first)
  }

  @Test func sarifNamesTheRootAndEncodesBytes() throws {
    try makeRepository("work")
    let raw = FilePath(bytes: Array("caf".utf8) + [0xE9] + Array(" %.pml".utf8))
    let run = try sarif(["deep/a.pml", raw, "../../elsewhere/c.pml"], from: "work/prompts")
    #expect(
      run.results.map(\.locations[0].physicalLocation.artifactLocation) == [
        .init(uri: "prompts/deep/a.pml", uriBaseId: "%SRCROOT%"),
        .init(uri: "prompts/caf%E9%20%25.pml", uriBaseId: "%SRCROOT%"),
        .init(uri: "file://\(root)/elsewhere/c.pml"),
      ])
    #expect(run.originalUriBaseIds == ["%SRCROOT%": .init(uri: "file://\(root)/work/")])
    #expect(try sarif(["c.pml"], from: "elsewhere").originalUriBaseIds == nil)
  }

  /// Services match results of one run to those of another by them.
  @Test func fingerprintsAreTheSameFromEachFolder() throws {
    try makeRepository("work")
    let ways: [(file: FilePath, folder: String)] = [
      ("a.pml", "work/prompts/deep"), ("prompts/deep/a.pml", "work"), ("../work/prompts/deep/a.pml", "elsewhere"),
    ]
    let found = try ways.map { try sarif([$0.file], from: $0.folder).results.map(\.partialFingerprints) }
    #expect(Set(found).count == 1)
  }
}

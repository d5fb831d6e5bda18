import Foundation
import TestSupport
import Testing

/// `store export` on one machine, `store import` on another.
@Suite struct StoreExchangeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try Documents.folder()
    try folder.write(Documents.schema.replacing("Three", with: "Four"), to: "edited.pml")
  }

  private func pmlc(_ store: String, _ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path(store)], in: folder)
  }

  /// What a run printed that was to succeed.
  @discardableResult
  private func done(_ store: String, _ arguments: [String]) async throws -> String {
    let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path(store)], in: folder)
    #expect(run.status == 0, "\(arguments): \(run.standardError)")
    return run.standardOutput
  }

  private func answer(_ store: String) async throws -> RunResult {
    try RunResult(await pmlc(store, "run", "prompt.pml", "--json", "--logprobs", "2", "--max-tokens", "4"))
  }

  private func expectSameAnswer(_ left: String, _ right: String) async throws {
    let (expected, found) = (try await answer(left), try await answer(right))
    #expect(found.token_ids == expected.token_ids)
    #expect(found.logprobs?.map(\.logprob) == expected.logprobs?.map(\.logprob))
    #expect(found.usage == expected.usage)
    #expect(found.usage.cached_tokens > 0)
  }

  @Test(arguments: [["-o", "versions.pca"], ["--to", "mirror"]])
  func servesElsewhere(target: [String]) async throws {
    let source = target[0] == "-o" ? [target[1]] : ["--from", target[1]]
    try await done("a", ["warm", "schema.pml"])
    try await done("a", ["store", "export"] + target)
    let report = try await done("b", ["store", "import", "--json"] + source)
    #expect(report.contains(#""encodings":5"#), "\(report)")
    try await expectSameAnswer("a", "b")
    #expect(try WarmResult(await pmlc("b", "warm", "schema.pml", "--json")).encodings.computed == 0)
    try await done("b", ["store", "verify"])
    let again = try await done("b", ["store", "import"] + source)
    #expect(again == "versions: 0 new, 1 there already; encodings: 0 new (0 bytes), 5 there already\n")
  }

  @Test func foldersAreBroughtUpToDate() async throws {
    try await done("a", ["warm", "schema.pml"])
    try await done("a", ["store", "export", "--to", "mirror"])
    let files = folder.files(in: "mirror")
    try await done("a", ["warm", "edited.pml"])
    let report = try await done("a", ["store", "export", "s", "--to", "mirror"])
    #expect(report.hasPrefix("version 2 of `s`\nencodings: 1 written"), "\(report)")
    #expect(Set(files).isSubset(of: folder.files(in: "mirror")))
    #expect(folder.files(in: "mirror").count == files.count + 2)
    // A file that a mirror cut off is written again.
    let states = try #require(files.first { $0.hasPrefix("states") })
    try folder.write(Data(), to: "mirror/\(states)")
    #expect(try await done("a", ["store", "export", "--to", "mirror"]).contains("encodings: 1 written"))
    try await done("b", ["store", "import", "--from", "mirror"])
    try await expectSameAnswer("a", "b")
  }

  @Test func someVersions() async throws {
    try await done("a", ["warm", "schema.pml"])
    try await done("a", ["warm", "edited.pml"])
    #expect(try await done("a", ["store", "export", "s", "-o", "newest"]).hasPrefix("version 2 of `s`\n"))
    #expect(try await done("a", ["store", "export", "s@1", "-o", "first"]).hasPrefix("version 1 of `s`\n"))
    #expect(try await done("b", ["store", "import", "first"]).hasPrefix("version 1 of `s`\n"))
    for (reference, problem) in [
      ("s@3", "the store has no version 3 of schema `s`"), ("t", "the store has no version of schema `t`"),
    ] {
      let run = try await pmlc("a", "store", "export", reference, "-o", "none")
      #expect(run.status == 2)
      #expect(run.standardError == "pmlc: error: \(problem)\n  help: see which there are: pmlc store ls\n")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
  }

  @Test func filesAreNotReplacedUnlessAsked() async throws {
    try await done("a", ["warm", "schema.pml"])
    try folder.write("precious", to: "file")
    let refused = try await pmlc("a", "store", "export", "-o", "file")
    #expect(refused.status == 2)
    #expect(refused.standardError.hasPrefix("pmlc: error: `file` exists already\n"))
    #expect(try String(contentsOfFile: folder.path("file"), encoding: .utf8) == "precious")
    try await done("a", ["store", "export", "-o", "file", "--force"])
    try await done("b", ["store", "import", "file"])
  }

  @Test func namespaces() async throws {
    try await done("a", ["warm", "schema.pml", "--namespace", "one"])
    #expect(try await pmlc("a", "store", "export", "-o", "file").status == 2)
    try await done("a", ["store", "export", "-o", "file", "--namespace", "one"])
    try await done("a", ["store", "import", "file", "--namespace", "two"])
    let run = try await pmlc("a", "run", "prompt.pml", "--namespace", "two", "--max-tokens", "1")
    #expect(run.status == 0, "\(run.standardError)")
  }

  /// One bit, anywhere: refused, and the store stays as it was.
  @Test func damagedFiles() async throws {
    try await done("a", ["warm", "schema.pml"])
    try await done("a", ["store", "export", "-o", "file"])
    try await done("b", ["warm", "edited.pml"])
    let before = try await done("b", ["store", "ls", "--json"])
    let whole = try Data(contentsOf: folder.url.appending(path: "file"))
    for part in [2, 30, 100, whole.count / 2, whole.count - 3] {
      var bytes = whole
      bytes[part] ^= 4
      try folder.write(bytes, to: "damaged")
      let run = try await pmlc("b", "store", "import", "damaged")
      #expect(run.status == 2, "byte \(part)")
      #expect(run.standardError.contains("`damaged` is "), "byte \(part): \(run.standardError)")
    }
    try folder.write(whole.dropLast(5), to: "damaged")
    #expect(try await pmlc("b", "store", "import", "damaged").status == 2)
    #expect(try await done("b", ["store", "ls", "--json"]) == before)
    #expect(try await done("b", ["store", "stat"]).contains("default    1         0       25"))
    try await done("b", ["store", "verify"])
  }

  @Test func otherFormatsAndOtherFiles() async throws {
    try await done("a", ["warm", "schema.pml"])
    try await done("a", ["store", "export", "-o", "file"])
    var bytes = try Data(contentsOf: folder.url.appending(path: "file"))
    bytes[8] = 2
    try folder.write(bytes, to: "newer")
    for (name, problem) in [
      ("newer", "the export `newer` has format 2, this program reads format 1"),
      ("schema.pml", "`schema.pml` is not an export of a store"), ("nothing", "`nothing` is not an export of a store"),
    ] {
      let run = try await pmlc("new", "store", "import", name)
      #expect(run.status == 2)
      #expect(run.standardError.hasPrefix("pmlc: error: \(problem)\n  help: "), "\(run.standardError)")
    }
    #expect(try await pmlc("new", "store", "import", "--from", "file").status == 2)
    #expect(folder.files(in: "new").isEmpty, "no store is made for what is none")
  }

  /// Killed at any instant, an import leaves all of its versions or none, and can be done again.
  @Test func killedImport() async throws {
    let schema = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Examples/handbook/handbook.pml").standardizedFileURL.path(percentEncoded: false)
    try await done("a", ["warm", schema])
    try await done("a", ["store", "export", "-o", "file"])
    let clock = ContinuousClock()
    let duration = try await clock.measure { try await done("b", ["store", "import", "file"]) }
    let store = ["PMLC_STORE": folder.path("killed")]
    for _ in 0..<8 {
      try? FileManager.default.removeItem(atPath: folder.path("killed"))
      let running = try PMLC.start(["store", "import", "file"], environment: store, in: folder)
      try await Task.sleep(for: duration * Double.random(in: 0.1...1))
      running.kill()
      _ = try await running.finish()
      let list = try await pmlc("killed", "store", "ls", "--json")
      if list.standardOutput.hasPrefix("[{") {
        #expect(list.standardOutput.contains(#""missing":0"#), "\(list.standardOutput)")
      } else {
        #expect(list.standardOutput == "[]\n" || list.standardError.contains("there is no store"))
      }
      try await done("killed", ["store", "import", "file"])
      try await done("killed", ["store", "verify"])
      #expect(try await done("killed", ["store", "ls", "--json"]).contains(#""missing":0"#))
    }
  }
}

import Foundation
import TestSupport
import Testing

/// What a user sees when the store, its disk or another process is not as one would wish.
@Suite struct StoreFaultTests {
  private let folder: TemporaryFolder
  private var data: String { folder.path("store/data.mdb") }

  init() throws { folder = try Documents.folder() }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
  }

  /// Found, named, and mended by warming, which computes just what is damaged.
  @Test func flippedBit() async throws {
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    let answer = try await RunResult(pmlc("run", "prompt.pml", "--json", "--max-tokens", "3"))
    var bytes = try Data(contentsOf: URL(filePath: data))
    let starts = stride(from: 16, to: bytes.count, by: 4096).filter { bytes[$0..<$0 + 4].elementsEqual("PCKV".utf8) }
    bytes[try #require(starts.last) + 1000] ^= 8
    try bytes.write(to: URL(filePath: data))

    let found = try await pmlc("store", "verify")
    #expect(found.status == 1)
    #expect(found.standardOutput.contains("needed by version 1 of schema `s` for "), "\(found.standardOutput)")
    #expect(found.standardOutput.hasSuffix("checked, 1 damaged\n"))
    let refused = try await pmlc("run", "prompt.pml")
    #expect(refused.status == 2)
    #expect(refused.standardError.contains("warm the schema again, which replaces what is damaged"))
    #expect(try WarmResult(await pmlc("warm", "schema.pml", "--json")).encodings == .init(reused: 4, computed: 1))
    #expect(try await pmlc("store", "verify").status == 0)
    let mended = try await RunResult(pmlc("run", "prompt.pml", "--json", "--max-tokens", "3"))
    #expect(mended.token_ids == answer.token_ids)
  }

  @Test func truncatedFile() async throws {
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    let whole = try Data(contentsOf: URL(filePath: data))
    try whole.prefix(100_000).write(to: URL(filePath: data))
    for arguments in [["run", "prompt.pml"], ["warm", "schema.pml"], ["store", "verify"], ["store", "ls"]] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 2)
      #expect(run.standardError.contains("`\(data)` is cut off: it has 100000 bytes of "), "\(run.standardError)")
    }
  }

  @Test func twoAtOnce() async throws {
    let store = ["PMLC_STORE": folder.path("store")]
    let running = try (0..<4).map { _ in
      try PMLC.start(["warm", "schema.pml", "--json"], environment: store, in: folder)
    }
    var versions: [Int] = []
    for process in running { versions.append(try WarmResult(await process.finish()).version) }
    #expect(versions == [1, 1, 1, 1])
    #expect(try await pmlc("store", "verify").status == 0)
    #expect(try await pmlc("run", "prompt.pml", "--max-tokens", "1").status == 0)
  }

  @Test(.enabled(if: geteuid() == 0, "changing the owner takes root"))
  func storeOfAnotherUser() async throws {
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    _ = unsafe chown(folder.path("store"), 65534, 65534)
    let run = try await pmlc("run", "prompt.pml")
    #expect(run.status == 2)
    #expect(
      run.standardError == """
        pmlc: error: `\(folder.path("store"))` belongs to user 65534, and this process runs as user 0
          help: run as the owner, or use a store of your own

        """)
  }

  @Test func storeThatOthersMayWrite() async throws {
    #expect(try await pmlc("warm", "schema.pml").status == 0)
    _ = unsafe chmod(data, 0o666)
    let run = try await pmlc("run", "prompt.pml")
    #expect(run.status == 2)
    #expect(run.standardError.contains("can be written by other users (mode 666)\n  help: take the right away: chmod"))
  }

  /// A disk too small for all: an error that says so, what was committed stays, and with more room the next run goes on.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func fullDisk() async throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 2 << 20))
    let text = String(repeating: " word and more of it", count: 120)
    let modules = (0..<4).map { #"<module name="m\#($0)">\#($0)\#(text)</module>"# }.joined()
    try folder.write(#"<schema name="large">\#(modules)</schema>"#, to: "large.pml")
    let store = "\(disk.path)/store"
    let refused = try await pmlc("warm", "large.pml", "--store", store)
    #expect(refused.status == 2)
    #expect(
      refused.standardError == """
        pmlc: error: no space is left on the disk that holds `\(store)`
          help: free some space; what was committed is safe

        """)
    #expect(try await pmlc("store", "verify", "--store", store).status == 0)
    #expect(disk.resize(to: 64 << 20))
    #expect(try await pmlc("warm", "large.pml", "--store", store).status == 0)
    #expect(try await pmlc("store", "verify", "--store", store).status == 0)
  }

  /// A file system that nobody can write: what is warmed is served.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func frozenDisk() async throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 16 << 20))
    let store = "\(disk.path)/store"
    #expect(try await pmlc("warm", "schema.pml", "--store", store).status == 0)
    #expect(disk.freeze())
    #expect(try await pmlc("run", "prompt.pml", "--store", store, "--max-tokens", "1").status == 0)
    #expect(try await pmlc("store", "ls", "--store", store).status == 0)
    for arguments in [["warm", "schema.pml"], ["store", "gc"]] {
      let run = try await PMLC.run(arguments + ["--store", store], in: folder)
      #expect(run.status == 2)
      #expect(run.standardError.hasPrefix("pmlc: error: the store in `\(store)` can only be read\n"), "\(arguments)")
    }
  }
}

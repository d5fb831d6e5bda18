import ContentHash
import FileSystem
import Foundation
import Store
import TestSupport
import Testing

/// `--max-bytes` and `--max-namespace-bytes`: what goes, what stays, and what is refused.
@Suite struct StoreLimitTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }

  init() throws {
    folder = try TemporaryFolder()
    for name in ["r", "s", "t"] {
      let schema = #"<schema name="\#(name)">Answer \#(name).<module name="m"> One.</module></schema>"#
      try folder.write(schema, to: "\(name).pml")
      try folder.write(#"<prompt schema="\#(name)"><m/> Go:</prompt>"#, to: "\(name)-prompt.pml")
    }
  }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": path], in: folder)
  }

  private func store() throws -> StateStore { try StateStore(at: FilePath(path)) }

  private func missing(_ schema: String) throws -> Int? {
    try store().list().first { $0.schema == schema }?.missing
  }

  /// Makes it look as if nothing had been used for a day.
  private func age() throws {
    let store = try store()
    let versions = try store.snapshot().versions()
    try store.write { (batch) throws(StoreError) in
      for version in versions {
        for key in version.encodingKeys { try batch.setLastUse(key, Int(Date.now.timeIntervalSince1970) - 86_400) }
      }
    }
  }

  /// Bytes that the states of one schema take here.
  private func size() async throws -> Int {
    #expect(try await pmlc("warm", "r.pml").status == 0)
    return try store().statistics().namespaces[0].byteCount
  }

  @Test func leastRecentlyUsedMakeRoom() async throws {
    let size = try await size()
    #expect(try await pmlc("warm", "s.pml").status == 0)
    try age()
    // An answer counts as use, though it opens the store to read.
    #expect(try await pmlc("run", "r-prompt.pml", "--max-tokens", "1").status == 0)
    let warm = try await pmlc("warm", "t.pml", "--max-namespace-bytes", "\(2 * size)")
    #expect(warm.status == 0, "\(warm.standardError)")
    #expect(try missing("r") == 0)
    #expect(try missing("s") ?? 0 > 0)
    #expect(try missing("t") == 0)
    #expect(try store().statistics().namespaces[0].byteCount <= 2 * size)
    // What went is computed again when it is wanted.
    #expect(try await pmlc("run", "s-prompt.pml", "--max-tokens", "1").status == 2)
    #expect(try await pmlc("warm", "s.pml").status == 0)
    #expect(try missing("s") == 0)
    #expect(try await pmlc("store", "verify").status == 0)
  }

  @Test func pinnedVersionsStay() async throws {
    let size = try await size()
    #expect(try await pmlc("store", "pin", "r").status == 0)
    let refused = try await pmlc("warm", "s.pml", "--max-namespace-bytes", "\(size + 4096)")
    #expect(refused.status == 2)
    #expect(
      refused.standardError == """
        pmlc: error: namespace `default` would grow past its limit of \(size + 4096) bytes
          help: raise the limit, or free space: pmlc store gc

        """)
    #expect(try missing("r") == 0)
    #expect(try missing("s") == nil, "no version of what did not fit")
    #expect(try await pmlc("store", "unpin", "r").status == 0)
    try age()
    #expect(try await pmlc("warm", "s.pml", "--max-namespace-bytes", "\(size + 4096)").status == 0)
    #expect(try missing("r") == 2)
  }

  /// A schema that does not fit whole is refused; it does not evict itself.
  @Test func tooSmallForOne() async throws {
    let size = try await size()
    let run = try await pmlc("warm", "s.pml", "--max-namespace-bytes", "\(size / 2)", "--namespace", "small")
    #expect(run.status == 2)
    #expect(run.standardError.contains("namespace `small` would grow past its limit"))
    #expect(try missing("r") == 0, "another tenant's states stay")
    #expect(try await pmlc("warm", "s.pml", "--namespace", "small").status == 0)
  }

  @Test func limitOfTheFile() async throws {
    let limit = 3 << 20
    for number in 0..<12 {
      let text = String(repeating: " word", count: 150)
      try folder.write(#"<schema name="n\#(number)">\#(number)\#(text)</schema>"#, to: "n.pml")
      let run = try await pmlc("warm", "n.pml", "--max-bytes", "\(limit)")
      #expect(run.status == 0, "\(run.standardError)")
      #expect(try store().statistics().fileByteCount <= limit)
    }
    #expect(try missing("n11") == 0)
    #expect(try missing("n0") == 1)
    let refused = try await pmlc("warm", "r.pml", "--max-bytes", "100000", "--store", "other")
    #expect(refused.status == 2)
    #expect(refused.standardError.contains("the store in `other` would grow past its limit of 100000 bytes"))
  }

  @Test func importUnderALimit() async throws {
    let size = try await size()
    #expect(try await pmlc("store", "export", "-o", "file").status == 0)
    #expect(try await pmlc("warm", "s.pml", "--namespace", "other").status == 0)
    let refused = try await pmlc(
      "store", "import", "file", "--namespace", "new", "--max-namespace-bytes", "\(size - 1)")
    #expect(refused.status == 2)
    #expect(refused.standardError.contains("namespace `new` would grow past its limit"))
    let run = try await pmlc("store", "import", "file", "--namespace", "other", "--max-namespace-bytes", "\(size)")
    #expect(run.status == 0, "\(run.standardError)")
    let namespaces = try store().statistics().namespaces.map { "\($0.name) \($0.byteCount)" }
    #expect(namespaces == ["default \(size)", "other \(size)"])
  }
}

import ContentHash
import FileSystem
import Foundation
import KVCacheFormat
@testable import Store
import TestSupport
import Testing

/// `tools/store/read_store.py` knows docs/store-format.md and nothing of the sources; it and `store verify` agree.
@Suite(.enabled(if: StoreReader.isInstalled, "scripts/bootstrap --tests installs what the reader needs"))
struct StoreReaderTests {
  private let folder: TemporaryFolder
  private var data: String { folder.path("store/data.mdb") }

  init() throws { folder = try Documents.folder() }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
  }

  private func verify() async throws -> Findings {
    try Findings(await pmlc("store", "verify", "--json").standardOutput)
  }

  private func fill() async throws {
    for element in ["f16", "f32", "q8"] { #expect(try await pmlc("warm", "schema.pml", "--kv", element).status == 0) }
    #expect(try await pmlc("warm", "schema.pml", "--namespace", "東京").status == 0)
  }

  @Test func wholeStores() async throws {
    try await fill()
    try folder.write(Documents.schema.replacing("Three", with: "Four"), to: "edited.pml")
    for arguments in [
      ["store", "pin", "s@1"], ["warm", "edited.pml"], ["store", "gc", "--keep", "1"],
      ["store", "export", "-o", "file"], ["store", "import", "file", "--namespace", "other"],
    ] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 0, "\(run.standardError)")
    }
    let found = try StoreReader.read(folder.path("store"))
    #expect(found.damage == [])
    #expect(found.versions == 9)
    let verified = try await verify()
    #expect(verified.blobs == found.blobs && verified.records == found.records)
    #expect(verified.byteCount == found.byteCount)
    #expect(try await pmlc("store", "compact").status == 0)
    #expect(try StoreReader.read(folder.path("store")).blobs == verified.blobs)
  }

  /// Layers that keep the end of a module, warmed and brought by an export.
  @Test func storesOfAModelWithWindows() async throws {
    try WindowedModel.write(to: folder)
    try folder.write(WindowedModel.schema, to: "w.pml")
    try folder.write("<prompt schema='s'><m/></prompt>", to: "p.pml")
    let answer = ["run", "p.pml", "--model", "model", "--max-tokens", "8", "--json"]
    struct Answer: Decodable, Equatable { let token_ids: [Int] }
    var answers: [Answer] = []
    for arguments in [
      ["warm", "w.pml", "--model", "model", "--kv", "q8"], answer, ["store", "export", "-o", "file"],
      ["store", "import", "file", "--namespace", "other"], answer + ["--namespace", "other"],
    ] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 0, "\(run.standardError)")
      guard arguments.first == "run" else { continue }
      answers.append(try JSONDecoder().decode(Answer.self, from: Data(run.standardOutput.utf8)))
    }
    #expect(answers.count == 2 && answers.first == answers.last)
    let found = try StoreReader.read(folder.path("store"))
    let verified = try await verify()
    #expect(found.damage == [] && verified.damage == [])
    #expect(found.blobs == verified.blobs && found.byteCount == verified.byteCount && found.versions == 2)
  }

  /// What a killed import leaves is marked, and no damage.
  @Test func unfinishedImports() async throws {
    try await fill()
    do {
      let store = try StateStore(at: FilePath(folder.path("store")))
      let layout = KVBlobLayout(element: .f16, shape: StoreContents.shape, tokens: 3)
      let (model, encoding) = (SHA256Digest(of: "model"), SHA256Digest(of: "encoding"))
      try store.write { (batch) throws(StoreError) in
        for layer in 0..<2 {
          let key = BlobKey(model: model, element: .f16, encoding: encoding, layer: layer)
          try batch.put(key, layout: layout, isArriving: true) { _ in }
        }
      }
    }
    let found = try StoreReader.read(folder.path("store"))
    let verified = try await verify()
    #expect(found.damage == [] && verified.damage == [])
    #expect(verified.blobs == found.blobs && verified.records == found.records)
    #expect(found.blobs == 4 * 5 * 5 + 2)
    #expect(try await pmlc("store", "gc").status == 0)
    #expect(try StoreReader.read(folder.path("store")).blobs == found.blobs - 2)
  }

  @Test func damagedBlobs() async throws {
    try await fill()
    let whole = try Data(contentsOf: URL(filePath: data))
    let starts = stride(from: 16, to: whole.count, by: 4096).filter { whole[$0..<$0 + 4].elementsEqual("PCKV".utf8) }
    #expect(starts.count == 4 * 5 * 5)
    for (index, offset) in [0, 4, 6, 7, 8, 12, 16, 20, 24, 32, 40, 47, 48, 500, 2000, 4079].enumerated() {
      var bytes = whole
      bytes[starts[index * 5] + offset] ^= 1
      try bytes.write(to: URL(filePath: data))
      let (found, verified) = (try StoreReader.read(folder.path("store")), try await verify())
      #expect(found.damage.count == 1, "byte \(offset)")
      #expect(found.damage == verified.damage, "byte \(offset)")
    }
  }

  @Test func damagedRecords() async throws {
    try await fill()
    let whole = try Data(contentsOf: URL(filePath: data))
    var bytes = whole
    // The name of a namespace, and what stands in a version; older copies of their pages too.
    for text in ["東京", "Nested."] {
      bytes = whole
      var start = bytes.startIndex
      while let range = bytes[start...].range(of: Data(text.utf8)) {
        bytes[range.lowerBound] ^= 1
        start = range.upperBound
      }
      try bytes.write(to: URL(filePath: data))
      let (found, verified) = (try StoreReader.read(folder.path("store")), try await verify())
      #expect(found.damage.count == 1)
      #expect(found.damage == verified.damage, "\(text)")
    }
  }

  @Test func lostPagesAndOtherFormats() async throws {
    try await fill()
    let whole = try Data(contentsOf: URL(filePath: data))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: data))
    #expect(try !StoreReader.read(folder.path("store")).damage.isEmpty)
    #expect(try await pmlc("store", "verify").status == 2)
    try whole.write(to: URL(filePath: data))
    #expect(try StoreReader.read(folder.path("store")).damage.isEmpty)
    try folder.write("prompt-cache store\nformat 2\n", to: "store/store.format")
    #expect(try !StoreReader.read(folder.path("store")).damage.isEmpty)
    let newer = try await pmlc("store", "verify")
    #expect(newer.status == 2)
    #expect(newer.standardError.contains("has format 2, this program reads formats up to 1"))
  }
}

/// The independent reader.
private enum StoreReader {
  private static let python = "/usr/bin/python3"
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../tools/store/read_store.py").standardizedFileURL.path(percentEncoded: false)

  static var isInstalled: Bool { (try? run(["-c", "import lmdb, xxhash"]).status) == 0 }

  static func read(_ store: String) throws -> Findings { try Findings(run([script, store]).output) }

  private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: python)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self))
  }
}

/// What a look at a whole store found, by the reader or by `store verify --json`.
private struct Findings: Decodable {
  let blobs: Int
  let byteCount: Int
  let records: Int
  let versions: Int?
  let damage: Set<Damage>

  struct Damage: Decodable, Hashable {
    let kind: String
    let table: String?
    let encoding: String?
    let layer: Int?

    private enum CodingKeys: CodingKey { case kind, table, encoding, layer }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      kind = try container.decode(String.self, forKey: .kind)
      encoding = try container.decodeIfPresent(String.self, forKey: .encoding)
      layer = try container.decodeIfPresent(Int.self, forKey: .layer)
      let table = try container.decodeIfPresent(String.self, forKey: .table)
      self.table = kind == "blob" ? "blobs" : table
    }
  }

  init(_ json: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Self.self, from: Data(json.utf8))
  }
}

import ContentHash
import Engine
import FileSystem
import Foundation
import Testing

@Suite struct ModelFingerprintTests {
  private func fingerprint(_ model: ModelDirectory) throws -> SHA256Digest {
    try ModelFingerprint.compute(files: try model.folder())
  }

  @Test func itIsTheDigestOfNamesAndContents() throws {
    let model = try ModelDirectory()
    let contents = ["config.json": "{}", "model.safetensors": "weights", "tokenizer.json": "[]"]
    for (name, text) in contents { try model.write(name, text) }
    var hasher = SHA256Hasher()
    hasher.update("model fingerprint 1")
    hasher.update(3)
    for (name, text) in contents.sorted(by: { $0.key < $1.key }) {
      hasher.update(name)
      hasher.update(SHA256Digest(of: text))
    }
    #expect(try fingerprint(model) == hasher.finalize())
  }

  @Test func whatDecidesStatesChangesItAndNothingElse() throws {
    let model = try TinyModel().directory()
    var seen = [try fingerprint(model)]
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "b.safetensors"] {
      try model.write(name, "another \(name)")
      seen.append(try fingerprint(model))
    }
    #expect(Set(seen).count == 6)
    for name in ["README.md", "generation_config.json", "pytorch_model.bin"] {
      try model.write(name, "some text")
      #expect(try fingerprint(model) == seen.last)
    }
  }

  @Test func aCopyElsewhereIsTheSameModel() throws {
    #expect(try fingerprint(try TinyModel().directory()) == fingerprint(try TinyModel().directory()))
  }

  @Test func unchangedFilesAreNotReadAgain() throws {
    let model = try TinyModel().directory()
    var memo: [FileBytes.Identity: SHA256Digest] = [:]
    var stored: [String] = []
    func compute() throws -> SHA256Digest {
      try ModelFingerprint.compute(
        files: try model.folder(), lookup: { memo[$0] },
        store: { identity, digest in
          memo[identity] = digest
          stored.append(identity.path.lastComponent.description)
        })
    }
    let first = try compute()
    #expect(stored == ["config.json", "model.safetensors", "tokenizer.json"])
    #expect(try compute() == first)
    #expect(stored.count == 3)
    try model.write("tokenizer.json", "{ }")
    #expect(try compute() != first)
    #expect(stored.last == "tokenizer.json" && stored.count == 4)
  }

  @Test func progressEndsAtTheTotal() throws {
    let model = try TinyModel().directory()
    var reports: [(done: Int, total: Int)] = []
    _ = try ModelFingerprint.compute(
      files: try model.folder(), progress: { done, total in reports.append((done, total)) })
    #expect(reports.last.map { $0.done == $0.total && $0.total > 0 } == true)
    #expect(reports.map(\.done) == reports.map(\.done).sorted())
  }

  @Test(arguments: ["config.json", "tokenizer.json", "model.safetensors"])
  func missingFilesAreNamed(name: String) throws {
    let model = try TinyModel().directory()
    let folder = try model.folder()
    let without = Without(base: folder, missing: name)
    #expect(throws: EngineError.missingFile(name: name, location: model.path)) {
      try ModelFingerprint.compute(files: without)
    }
  }

  private struct Without: ModelFiles {
    let base: ModelFolder
    let missing: String
    var names: [String] { base.names.filter { $0 != missing } }
    var location: String { base.location }
    func file(_ name: String) throws(EngineError) -> FileBytes? { name == missing ? nil : try base.file(name) }
  }
}

import ContentHash
import Foundation
import KVCacheFormat
import Store
import StoreTestSupport
import TestSupport
import Testing

@Suite struct DamageTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("store") }
  private let key = Sample.key("b", layer: 1)

  init() throws { folder = try TemporaryFolder() }

  private func fill() throws {
    try StateStore(at: path).write { (batch) throws(StoreError) in
      try batch.recordSample("schema", "one", encodings: ["a", "b"], layers: 3)
      try batch.recordSample("schema", "two", encodings: ["b", "c"], layers: 3)
    }
  }

  /// Every byte of a blob's value and of the page header before it: a changed one is found, named, never lent, and
  /// mended by writing the blob again, and nothing else is touched.
  @Test(arguments: Array(0..<64) + [64, 65, 200, 831, 832, 2000, 4095])
  func flippedBitInBlob(byte: Int) throws {
    try fill()
    let file = DataFile(path)
    // From the start of the page on; the value begins at 16.
    try file.flip(bit: byte % 8, at: file.offset(of: key, tokens: 3) - 16 + byte)
    let store = try StateStore(at: path)

    // Two bytes of a page's header mean nothing; its length and flags do not say anything about a sound payload.
    let isInPageHeader = byte < 16
    if byte != 8 && byte != 9 {
      let damage = try #require(try store.verify().damage.first)
      #expect(try store.verify().damage.count == 1)
      #expect(damage.kind == .blob)
      #expect(damage.namespace == "default")
      #expect(damage.encoding == key.encoding)
      #expect(damage.layer == 1)
      #expect(damage.neededBy.map(\.version) == [2, 1])
      #expect(damage.neededBy.first?.schema == "schema")
      #expect(damage.message.hasPrefix("schema `schema`, version 2, `b`, layer 1: "))
    }
    if !isInPageHeader {
      #expect(throws: StoreError.self) { try store.snapshot().blob(key, expecting: Sample.layout(3)) }
    }
    #expect(try store.snapshot().contains(key))

    try store.write { (batch) throws(StoreError) in try batch.putSample(key, tokens: 3) }
    #expect(try store.snapshot().blob(key, expecting: Sample.layout(3))?.isSample(key) == true)
    let verification = try store.verify()
    #expect(verification.isSound, "\(verification.damage)")
    #expect(verification.blobs == 9)
  }

  @Test func defectsHaveTheirNames() throws {
    try fill()
    let file = DataFile(path)
    let start = try file.offset(of: key, tokens: 3)
    let whole = try file.bytes
    func defect(_ byte: Int) throws -> BlobDefect? {
      try file.overwrite(whole)
      try file.flip(bit: 0, at: start + byte)
      do throws(StoreError) {
        _ = try StateStore(at: path).snapshot().blob(key, expecting: Sample.layout(3))
        return nil
      } catch {
        guard case .unusableBlob(key, let defect) = error else { return nil }
        #expect(error.isDamage)
        return defect
      }
    }
    let shape = BlobShape(heads: 2, headDimension: 8, tokens: 3)
    #expect(try defect(0) == .notABlob)
    #expect(try defect(4) == .otherFormat(found: 0, supported: 1))
    #expect(try defect(6) == .otherElement(found: 3, expected: 2))
    #expect(try defect(7) == .notABlob)
    #expect(try defect(8) == .otherShape(found: BlobShape(heads: 3, headDimension: 8, tokens: 3), expected: shape))
    #expect(try defect(12) == .otherShape(found: BlobShape(heads: 2, headDimension: 9, tokens: 3), expected: shape))
    #expect(try defect(16) == .otherShape(found: BlobShape(heads: 2, headDimension: 8, tokens: 2), expected: shape))
    #expect(try defect(20) == .otherKey)
    #expect(try defect(24) == .notABlob)
    #expect(try defect(32) == .otherKey)
    for byte in [40, 48, 1000, 4079] {
      guard case .checksum = try defect(byte) else {
        Issue.record("a flipped bit at \(byte) is not found by the checksum")
        continue
      }
    }
  }

  /// The states of another model, put by hand under this one's key: whole in themselves, and refused.
  @Test func blobOfAnotherModel() throws {
    let other = Sample.key("b", layer: 1, model: Sample.digest("another model"))
    try fill()
    try StateStore(at: path).write { (batch) throws(StoreError) in
      try batch.put(other, layout: Sample.layout(3)) { _ in }
    }
    let file = DataFile(path)
    var bytes = try file.bytes
    let target = try file.offset(of: key, tokens: 3)
    // The other blob's payload is all zeros: found by its header, which differs from its neighbours' in the hashes.
    let header = Array(bytes[target..<target + 32])
    let source = try #require(
      stride(from: 16, to: bytes.count - 4080, by: 4096).first { start in
        bytes[start..<start + 32].elementsEqual(header)
          && bytes[start + 48..<start + 4080].allSatisfy { $0 == 0 }
      })
    bytes.replaceSubrange(target..<target + 4080, with: bytes[source..<source + 4080])
    try file.overwrite(bytes)
    let store = try StateStore(at: path)
    #expect(throws: StoreError.unusableBlob(key, .otherKey)) {
      try store.snapshot().blob(key, expecting: Sample.layout(3))
    }
    #expect(try store.snapshot().blob(other, expecting: Sample.layout(3)) != nil)
    #expect(try store.verify().damage.map(\.layer) == [1])
  }

  @Test func checksumOnFirstUseCanBeSwitchedOff() throws {
    try fill()
    let file = DataFile(path)
    try file.flip(bit: 3, at: file.offset(of: key, tokens: 3) + 48)
    let trusting = try StateStore(at: path, options: StoreOptions(verifyOnFirstUse: false))
    #expect(try trusting.snapshot().blob(key, expecting: Sample.layout(3))?.isSample(key) == false)
    let careful = try StateStore(at: path)
    #expect(throws: StoreError.self) { try careful.snapshot().blob(key, expecting: Sample.layout(3)) }
  }

  /// A bit flipped anywhere is found or means nothing; nobody crashes; and what is whole can be saved.
  @Test func flippedBitsAnywhere() throws {
    try fill()
    let file = DataFile(path)
    let whole = try file.bytes
    var random = SeededRandom(seed: 7)
    for _ in 0..<150 {
      try file.overwrite(whole)
      let (bit, offset) = (Int.random(in: 0..<8, using: &random), Int.random(in: 0..<whole.count, using: &random))
      try file.flip(bit: bit, at: offset)
      guard let verification = try? StateStore(at: path).verify() else { continue }
      guard !verification.isSound else { continue }
      let report = try StateStore.compact(at: path, salvaging: true)
      #expect(report.dropped == verification.damage, "bit \(bit) of byte \(offset)")
      let after = try StateStore(at: path).verify()
      #expect(after.isSound, "bit \(bit) of byte \(offset): \(after.damage)")
    }
  }

  /// Each page of the index in turn replaced by another: verify names pages, salvaging leaves a sound store.
  @Test func indexPagesLost() throws {
    try StateStore(at: path).write { (batch) throws(StoreError) in
      try batch.recordSample("schema", "one", encodings: (0..<60).map { "e\($0)" }, layers: 2)
    }
    let file = DataFile(path)
    let whole = try file.bytes
    var lost = 0
    for page in 2..<whole.count / 4096 {
      let flags = whole[page * 4096 + 10]
      guard flags == 1 || flags == 2 else { continue }
      var bytes = whole
      bytes.replaceSubrange(page * 4096 + 16..<(page + 1) * 4096, with: repeatElement(0x5A, count: 4080))
      try file.overwrite(bytes)
      guard let verification = try? StateStore(at: path).verify(), !verification.isSound else { continue }
      lost += 1
      #expect(verification.damage.contains { $0.kind == .index && $0.page == page })
      #expect(throws: StoreError.self) { try StateStore.compact(at: path) }
      _ = try StateStore.compact(at: path, salvaging: true)
      #expect(try StateStore(at: path).verify().isSound)
      try file.overwrite(whole)
    }
    #expect(lost > 3)
  }

  @Test func damagedRecordsAreMendedByWriting() throws {
    try fill()
    try StateStore(at: path).write { (batch) throws(StoreError) in
      try batch.setMemo("some memo", Array("some value".utf8))
    }
    let file = DataFile(path)
    let bytes = try file.bytes
    // Texts that stand in the memo's record, in both versions' and in the namespace's.
    for text in ["some value", "schema", "default"] {
      let pattern = Array(text.utf8)
      for offset in 8192..<bytes.count - pattern.count
      where bytes[offset..<offset + pattern.count].elementsEqual(pattern) {
        try file.flip(bit: 0, at: offset)
      }
    }
    let store = try StateStore(at: path)
    let damage = try store.verify().damage
    #expect(Set(damage.compactMap(\.table)) == ["memos", "versions", "namespaces"])
    #expect(try store.snapshot().memo("some memo") == nil)
    #expect(throws: StoreError.self) { try store.snapshot().newestVersion(model: Sample.model, schema: "schema") }
    #expect(throws: StoreError.self) { try store.collectGarbage(GarbagePolicy()) }
    let version = try store.write { (batch) throws(StoreError) in
      try batch.setMemo("some memo", [1])
      return try batch.recordSample("schema", "two", encodings: ["b", "c"], layers: 3)
    }
    #expect(version.number == 3)
    let after = try store.verify()
    #expect(after.isSound, "\(after.damage)")
    #expect(try store.snapshot().newestVersion(model: Sample.model, schema: "schema") == version)
  }
}

import FileSystem
import Foundation
import KVCacheFormat
import Store

/// Reading every byte of states through the store's map, against a plain mapped file of the same bytes.
enum Reading {
  private static let sample = Sample(shape: KVShape(layers: 16, heads: 8, headDimension: 128), tokens: 256)
  private static let encodings = 32

  static func run(_ scratch: Scratch) throws {
    let total = encodings * sample.shape.layers * sample.layout.byteCount
    let bytes = Sample.randomBytes(sample.layout.byteCount)
    let plain = try scratch.write(bytes, byteCount: total, to: "plain")
    defer { try? FileManager.default.removeItem(atPath: plain) }
    try scratch.withStore { path in
      do { try sample.fill(StateStore(at: FilePath(path)), 0..<encodings, from: bytes) }
      let mapped = try Data(contentsOf: URL(filePath: plain), options: .alwaysMapped)
      var sums: Set<UInt64> = []
      let first = seconds { sums.insert(unsafe sum(mapped.span.bytes)) }
      let plainTime = medianSeconds(5) { sums.insert(unsafe sum(mapped.span.bytes)) }

      let unchecked = try StateStore(at: FilePath(path), options: StoreOptions(verifyOnFirstUse: false))
      let firstThroughMap = try seconds { try read(unchecked, &sums) }
      let throughMap = try medianSeconds(5) { try read(unchecked, &sums) }
      precondition(sums.count == 1, "the sums differ")
      let checked = try StateStore(at: FilePath(path))
      let checking = try seconds { try lend(checked.snapshot()) }
      let again = try seconds { try lend(checked.snapshot()) }
      print("| \(megabytes(total)) in the page cache, one thread | |\n| --- | --- |")
      print("| a plain mapped file, first touched | \(rate(total, first)) |")
      print("| the store's map, first touched | \(rate(total, firstThroughMap)) |")
      print("| a plain mapped file | \(rate(total, plainTime)) |")
      print("| the store's map, with the lookup | \(rate(total, throughMap)) |")
      print("| checksums on first use | \(rate(total, checking)), \(milliseconds(checking)) |")
      print("| lookups of the same later | \(milliseconds(again)) |")
    }
  }

  private static func read(_ store: StateStore, _ sums: inout Set<UInt64>) throws {
    let snapshot = try store.snapshot()
    var total: UInt64 = 0
    for number in 0..<encodings {
      for blob in try snapshot.blobs(of: sample.key(number), expecting: sample.segment) ?? [] {
        total &+= sum(blob.payload)
      }
    }
    sums.insert(total)
  }

  private static func lend(_ snapshot: Snapshot) throws {
    for number in 0..<encodings { _ = try snapshot.blobs(of: sample.key(number), expecting: sample.segment) }
  }

  /// The sum of all numbers of 8 bytes.
  private static func sum(_ bytes: RawSpan) -> UInt64 {
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe bytes.bindMemory(to: UInt64.self).reduce(0) { $0 &+ $1 }
    }
  }
}

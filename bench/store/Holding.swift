import FileSystem
import KVCacheFormat
import Store

/// A snapshot that lasts while others write: how much the file grows, and what holds it in check.
enum Holding {
  /// 1 MiB an encoding.
  private static let sample = Sample(shape: KVShape(layers: 4, heads: 8, headDimension: 64), tokens: 128)
  private static let rounds = 300
  private static let limit = 64 << 20

  static func run(_ scratch: Scratch) throws {
    let size = sample.shape.layers * sample.layout.byteCount
    print("| \(rounds) times \(megabytes(size)) written in place of the last | file | |\n| --- | --- | --- |")
    for (label, holds, renews, limit) in [
      ("nobody reads", false, false, nil), ("one snapshot all the time", true, false, nil),
      ("one snapshot, renewed after each", true, true, nil),
      ("one snapshot all the time, `--max-bytes` \(megabytes(limit))", true, false, limit),
    ] as [(String, Bool, Bool, Int?)] {
      try scratch.withStore { path in
        let store = try StateStore(at: FilePath(path), options: StoreOptions(maximumBytes: limit))
        try sample.fill(store, 0..<1)
        let snapshot = holds ? try store.snapshot() : nil
        let blobs = try snapshot?.blobs(of: sample.key(0), expecting: sample.segment)
        var end = "all written"
        for round in 0..<rounds {
          do throws(StoreError) {
            try store.write { (batch) throws(StoreError) in try sample.put(1, from: [1, 2, 3], in: batch) }
            if renews { try snapshot?.renew() }
          } catch {
            end = "refused after \(round): \(error.message)"
            break
          }
        }
        withExtendedLifetime(blobs) {}
        let statistics = try store.statistics()
        print("| \(label) | \(megabytes(statistics.fileByteCount)) | \(end) |".replacing(path, with: "STORE"))
      }
    }
  }
}

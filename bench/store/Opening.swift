import FileSystem
import KVCacheFormat
import Store

/// A store of many small encodings: opening it, and looking over it.
enum Opening {
  private static let encodings = 100_000
  private static let perVersion = 100
  private static let sample = Sample(shape: KVShape(layers: 2, heads: 1, headDimension: 8), tokens: 4)

  static func run(_ scratch: Scratch) throws {
    try scratch.withStore { path in
      do {
        let store = try StateStore(at: FilePath(path))
        try sample.fill(store, 0..<encodings)
        try store.write { (batch) throws(StoreError) in
          // Four versions of each schema.
          for number in 0..<encodings / perVersion {
            try sample.record("schema \(number / 4)", number * perVersion..<(number + 1) * perVersion, in: batch)
          }
        }
      }
      print("| \(encodings) encodings, \(2 * encodings) blobs, \(encodings / perVersion) versions | | processor |")
      print("| --- | --- | --- |")
      let open = try medianSeconds(21) { _ = try StateStore(at: FilePath(path)) }
      let openToRead = try medianSeconds(21) {
        _ = try StateStore(at: FilePath(path), options: StoreOptions(readOnly: true)).snapshot()
      }
      print("| opening | \(milliseconds(open)) | |")
      print("| opening to read, and a snapshot | \(milliseconds(openToRead)) | |")
      let store = try StateStore(at: FilePath(path))
      let half = try store.statistics().namespaces.reduce(0) { $0 + $1.byteCount } / 2
      try show("`ls`") { _ = try store.list() }
      try show("`stat`") { _ = try store.statistics() }
      for (label, policy) in [
        ("`gc --keep 1`: the choice", GarbagePolicy(keep: 1)),
        ("`gc --max-bytes` half: the choice", GarbagePolicy(maximumBytes: half)),
      ] {
        try show(label) { try store.collectGarbage(policy, dryRun: true) }
      }
      let freeing = try seconds { try store.collectGarbage(GarbagePolicy(keep: 1)) }
      print("| `gc --keep 1`: done, three quarters freed | \(milliseconds(freeing)) | |")
    }
  }

  private static func show(_ label: String, _ body: () throws -> Void) throws {
    let (time, processor) = (try medianSeconds(5, body), try medianProcessorSeconds(5, body))
    print("| \(label) | \(milliseconds(time)) | \(milliseconds(processor)) |")
  }
}

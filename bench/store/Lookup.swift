import FileSystem
import KVCacheFormat
import Store

/// Finding and lending the states of a prompt: 50 modules of a model with 32 layers.
enum Lookup {
  private static let modules = 50
  private static let sample = Sample(shape: KVShape(layers: 32, heads: 4, headDimension: 64), tokens: 40)

  static func run(_ scratch: Scratch) throws {
    try scratch.withStore { path in
      do { try sample.fill(StateStore(at: FilePath(path)), 0..<10_000 / 32) }
      print("| a prompt of \(modules) modules × \(sample.shape.layers) layers | |\n| --- | --- |")
      for (label, verifies) in [("first use, checksums on", true), ("first use, checksums off", false)] {
        let store = try StateStore(at: FilePath(path), options: StoreOptions(verifyOnFirstUse: verifies))
        print("| \(label) | \(milliseconds(try seconds { try lend(store) })) |")
        if verifies { print("| later uses | \(milliseconds(try medianSeconds(101) { try lend(store) })) |") }
      }
    }
  }

  private static func lend(_ store: StateStore) throws {
    let snapshot = try store.snapshot()
    for number in 0..<modules {
      let blobs = try snapshot.blobs(of: sample.key(number), expecting: sample.segment)
      precondition(blobs?.count == sample.shape.layers, "a blob is missing")
    }
  }
}

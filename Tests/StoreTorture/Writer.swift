import KVCacheFormat
import Store
import StoreTestSupport

/// Warms, as `pmlc` does, one version after the other: what is missing in several commits, then the version in a last
/// one. Prints the number of each round once it is committed.
struct Writer {
  static let schemas = 5
  static let layers = 3

  private let store: StateStore
  private var random: SeededRandom

  init(at path: String, seed: UInt64) throws(StoreError) {
    store = try StateStore(at: path)
    random = SeededRandom(seed: seed)
  }

  mutating func run(rounds: Int) throws(StoreError) {
    var round = try Int(store.snapshot().memo("round")?.first ?? 0)
    for _ in 0..<rounds {
      round = (round + 1) % 256
      try run(round: round)
      say("\(round)")
    }
  }

  private mutating func run(round: Int) throws(StoreError) {
    try warm(round: round)
    if round % 7 == 0 { try store.collectGarbage(GarbagePolicy(keep: 2)) }
  }

  private mutating func warm(round: Int) throws(StoreError) {
    let lease = try store.leaseForWarming()
    let encodings = (0..<4).map { _ in "e\(Int.random(in: 0..<60, using: &random))" }
    for encoding in encodings {
      let replaces = Int.random(in: 0..<8, using: &random) == 0
      let snapshot = try store.snapshot()
      try store.write { (batch) throws(StoreError) in
        for layer in 0..<Self.layers {
          let key = Sample.key(encoding, layer: layer)
          let isThere = try snapshot.contains(key)
          if replaces || !isThere { try batch.putSample(key, tokens: Writer.tokens(encoding)) }
        }
      }
    }
    try store.write { (batch) throws(StoreError) in
      try batch.recordVersion(
        model: Sample.model, schema: "s\(round % Self.schemas)", hash: Sample.digest("\(round)"), lowered: [],
        element: .f16, encodings: encodings.map(Sample.digest), labels: encodings)
      try batch.setMemo("round", [UInt8(round)])
    }
    withExtendedLifetime(lease) {}
  }

  /// Tokens of an encoding, told by its name.
  static func tokens(_ encoding: String) -> Int { 1 + encoding.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 700 }
}

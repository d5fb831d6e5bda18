import ContentHash
public import Engine
import FileSystem
import KVCacheFormat
public import Store

extension Blob: @retroactive KVBlobOwner {}

/// Segments of states in a store, as many as a measurement wants.
///
/// The bytes of all segments of one length are those of the first one: what they are does not change what reading them
/// takes, and computing thousands of tokens of context would take longer than all measurements.
struct CachedStates {
  /// Tokens of a segment, about a module of a schema.
  private static let segmentTokens = 188

  private let store: StateStore
  private let engine: InferenceEngine
  private let model: SHA256Digest

  init(in folder: String, engine: InferenceEngine, model: SHA256Digest) throws {
    store = try StateStore(at: FilePath(folder))
    self.engine = engine
    self.model = model
  }

  private func layout(_ tokens: Int) -> KVSegmentLayout {
    KVSegmentLayout(engine.configuration.kvLayers, element: .f16, tokens: tokens)
  }

  private func key(_ index: Int, tokens: Int) -> EncodingKey {
    var hasher = SHA256Hasher()
    hasher.update("segment")
    hasher.update(index)
    hasher.update(tokens)
    return EncodingKey(model: model, element: .f16, encoding: hasher.finalize())
  }

  /// Lengths of the segments that `count` tokens are cut into.
  private func lengths(_ count: Int) -> [Int] {
    stride(from: 0, to: count, by: Self.segmentTokens).map { min(Self.segmentTokens, count - $0) }
  }

  /// Puts what is missing of `count` tokens into the store.
  func prepare(_ count: Int, tokens: [Int32]) throws {
    let snapshot = try store.snapshot()
    var computed: [Int: KVSegment] = [:]
    for (index, length) in lengths(count).enumerated() {
      let key = key(index, tokens: length)
      if try snapshot.contains(key, layers: engine.kvShape.layers) { continue }
      let states =
        try computed[length]
        ?? engine.encode(tokens: Array(tokens.prefix(length)), positions: (0..<Int32(length)).map { $0 }, context: [])
        .segment(element: .f16)
      computed[length] = states
      try store.write { batch throws(StoreError) in
        for (layer, layout) in states.layout.blobs.enumerated() {
          try batch.put(BlobKey(key, layer: layer), layout: layout) { bytes in
            states.copy(layer: layer, into: &bytes)
          }
        }
      }
    }
  }

  /// The first `count` tokens, where they lie in the store's map; `moved`, each segment is seen at another distance from
  /// where it was encoded.
  func attended(_ count: Int, moved: Bool = false) throws -> [AttendedSegment] {
    guard count > 0 else { return [] }
    let snapshot = try store.snapshot()
    var place = 0
    return try lengths(count).enumerated().map { index, length in
      defer { place += length }
      guard let blobs = try snapshot.blobs(of: key(index, tokens: length), expecting: layout(length)) else {
        throw BenchError.statesMissing
      }
      let segment = try KVSegment(layers: blobs, layout: layout(length))
      return AttendedSegment(segment, place: place, encodedAt: moved ? place - index : place)
    }
  }

  /// Bytes of the states of `count` tokens.
  func byteCount(_ count: Int) -> Int {
    lengths(count).reduce(0) { $0 + layout($1).byteCount }
  }
}

enum BenchError: Error {
  /// The store lost what was put there.
  case statesMissing
}

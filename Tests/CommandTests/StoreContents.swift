import ContentHash
import FileSystem
import KVCacheFormat
import Store
import Testing

/// The newest version in a store that has one schema of the demo model, with all that it needs.
struct StoreContents: Equatable {
  let schema: String
  let number: Int
  let hash: SHA256Digest
  let lowered: [UInt8]
  let element: KVElement
  let encodings: [SHA256Digest]
  let labels: [String]
  let model: SHA256Digest
  /// SHA-256 of each blob's payload.
  let blobs: [BlobKey: SHA256Digest]

  static let shape = KVShape(layers: 5, heads: 2, headDimension: 64)

  /// Reads the store at `path` through its library; `nil` if it has no version.
  ///
  /// - Parameter segmentLengths: the numbers of tokens that segments of the schema have. A blob does not say how many it
  ///   holds to those who do not know, so the one that it is found under is the one that it has.
  init?(of path: String, segmentLengths: Set<Int>) throws {
    let snapshot = try StateStore(at: FilePath(path), options: StoreOptions(readOnly: true)).snapshot()
    guard let version = try snapshot.versions().last else { return nil }
    schema = version.schema
    number = version.number
    hash = version.schemaHash
    lowered = version.lowered
    element = version.element
    encodings = version.encodings
    labels = version.labels
    model = version.model

    var blobs: [BlobKey: SHA256Digest] = [:]
    for encoding in version.encodings {
      for layer in 0..<Self.shape.layers {
        let key = BlobKey(model: version.model, element: version.element, encoding: encoding, layer: layer)
        let blob = segmentLengths.lazy.compactMap { tokens in
          try? snapshot.blob(key, expecting: KVBlobLayout(element: version.element, shape: Self.shape, tokens: tokens))
        }.first
        let found = try #require(blob, "no blob of layer \(layer)")
        blobs[key] = SHA256Digest(of: found.payload)
      }
    }
    self.blobs = blobs
  }

  /// How many of these encodings are whole in the store at `path`.
  func encodings(in path: String) throws -> Int {
    let store: StateStore
    do throws(StoreError) {
      store = try StateStore(at: FilePath(path), options: StoreOptions(readOnly: true))
    } catch .noStore {
      return 0  // killed before it was made
    }
    let snapshot = try store.snapshot()
    return try Set(encodings).count { encoding in
      try (0..<Self.shape.layers).allSatisfy { layer in
        try snapshot.contains(BlobKey(model: model, element: element, encoding: encoding, layer: layer))
      }
    }
  }
}

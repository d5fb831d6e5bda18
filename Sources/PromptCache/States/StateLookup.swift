internal import ContentHash
public import Engine
internal import KVCacheFormat
public import Store

extension Blob: KVBlobOwner {}

/// Finds the states of a model's encodings in one snapshot of a store, and lends them where they lie.
struct StateLookup {
  /// `nil` where there is no store yet: nothing is found.
  let snapshot: Snapshot?
  let model: SHA256Digest
  let element: KVElement
  let layers: KVLayers

  /// The same without the snapshot, for names and layouts alone: it finds nothing.
  var withoutSnapshot: StateLookup { StateLookup(snapshot: nil, model: model, element: element, layers: layers) }

  /// How the layers of an encoding of so many tokens are laid out.
  func layout(tokens: Int) -> KVSegmentLayout { KVSegmentLayout(layers, element: element, tokens: tokens) }

  /// Where the states of the encoding with this digest are kept.
  func key(of digest: SHA256Digest) -> EncodingKey { EncodingKey(model: model, element: element, encoding: digest) }

  /// Whether all layers of an encoding are there and whole, by their checksums.
  func contains(_ digest: SHA256Digest, tokens: Int) throws(PromptCacheError) -> Bool {
    do throws(StoreError) {
      return try snapshot?.blobs(of: key(of: digest), expecting: layout(tokens: tokens)) != nil
    } catch {
      guard case .unusableBlob = error else { throw .store(error) }
      return false
    }
  }

  /// Whether all layers of an encoding are there, whatever their bytes are.
  func isListed(_ digest: SHA256Digest) throws(PromptCacheError) -> Bool {
    try withStoreErrors { () throws(StoreError) in
      try snapshot?.layerCount(of: key(of: digest)) == layers.shape.layers
    }
  }

  /// Has the system read the states of an encoding, without waiting for them.
  ///
  /// - Returns: whether they are there.
  func prefetch(_ digest: SHA256Digest) throws(PromptCacheError) -> Bool {
    try withStoreErrors { () throws(StoreError) in
      try snapshot?.prefetch(key(of: digest), layers: layers.shape.layers) ?? false
    }
  }

  /// The states of an encoding, or `nil` if a layer is not there.
  func segment(_ digest: SHA256Digest, tokens: Int) throws(PromptCacheError) -> KVSegment? {
    let layout = layout(tokens: tokens)
    let blobs = try withStoreErrors { () throws(StoreError) -> [Blob]? in
      try snapshot?.blobs(of: key(of: digest), expecting: layout)
    }
    guard let blobs else { return nil }
    return try withEngineErrors { () throws(EngineError) in
      try KVSegment(layers: blobs, layout: layout.holding(blobs.map(\.layout.tokens)))
    }
  }

  /// Says to other processes that the chain which ends with this joint encoding is in use.
  func lease(joint digest: SHA256Digest) throws(PromptCacheError) -> Lease? {
    try withStoreErrors { () throws(StoreError) in try snapshot?.lease(joint: key(of: digest)) }
  }
}

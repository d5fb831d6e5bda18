internal import ContentHash
public import Engine
internal import KVCacheFormat
internal import PMLCompiler
public import Store

extension Blob: KVBlobOwner {}

/// Finds the states of a plan's encodings in one snapshot of a store, and lends them where they lie.
struct StateLookup {
  let plan: EncodingPlan
  /// `nil` where there is no store yet: nothing is found.
  let snapshot: Snapshot?
  let model: SHA256Digest
  let element: KVElement
  let layers: KVLayers

  /// How the layers of `encoding` are laid out.
  func layout(of encoding: EncodingPlan.Encoding) -> KVSegmentLayout {
    KVSegmentLayout(layers, element: element, tokens: plan.tokenCount(of: encoding))
  }

  /// Bytes of the states of `encoding` in all layers.
  func byteCount(of encoding: EncodingPlan.Encoding) -> Int { layout(of: encoding).byteCount }

  /// Where the states of `encoding` in all layers are kept.
  func key(of encoding: EncodingPlan.Encoding) -> EncodingKey {
    EncodingKey(model: model, element: element, encoding: encoding.digest)
  }

  /// Whether all layers of `encoding` are there and whole, by their checksums.
  func contains(_ encoding: EncodingPlan.Encoding) throws(PromptCacheError) -> Bool {
    do throws(StoreError) {
      return try snapshot?.blobs(of: key(of: encoding), expecting: layout(of: encoding)) != nil
    } catch {
      guard case .unusableBlob = error else { throw .store(error) }
      return false
    }
  }

  /// The states of `encoding`, or `nil` if a layer is not there.
  func segment(_ encoding: EncodingPlan.Encoding) throws(PromptCacheError) -> KVSegment? {
    let layout = layout(of: encoding)
    let blobs = try withStoreErrors { () throws(StoreError) -> [Blob]? in
      try snapshot?.blobs(of: key(of: encoding), expecting: layout)
    }
    guard let blobs else { return nil }
    return try withEngineErrors { () throws(EngineError) in
      try KVSegment(layers: blobs, layout: layout.holding(blobs.map(\.layout.tokens)))
    }
  }
}

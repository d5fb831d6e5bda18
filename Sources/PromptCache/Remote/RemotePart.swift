internal import ContentHash
internal import KVCacheFormat
internal import PMLCompiler
internal import Store

/// One namespace's part of a remote store.
struct RemotePart: Sendable {
  let store: RemoteStore
  private(set) var names: RemoteNames

  /// The part of `store`, if there is one.
  init?(of store: RemoteStore?, namespace: String) {
    guard let store else { return nil }
    self.store = store
    names = RemoteNames(namespace: namespace)
  }

  /// The same part where these are joint encodings.
  func with(joint digests: Set<SHA256Digest>, _ lookup: StateLookup) -> RemotePart {
    var part = self
    part.names = names.with(joint: Set(digests.map(lookup.key(of:))))
    return part
  }

  /// Brings encodings of a graph into a session's store, as far as they are there.
  ///
  /// - Returns: how many came.
  /// - Throws: `PromptCacheError.store`.
  func fetch(
    _ indices: [Int], in graph: some EncodingGraph, _ lookup: StateLookup, into local: StateStore,
    keeping kept: Set<SHA256Digest>, isNamed: Bool,
    progress: (_ encodings: Int, _ byteCount: Int) -> Void = { _, _ in }
  ) throws(PromptCacheError) -> Int {
    let fetch = RemoteFetch(
      names: names, store: local, keys: indices.map { lookup.key(of: graph.digest(of: $0)) },
      kept: Set(kept.map(lookup.key(of:))), isNamed: isNamed,
      accepts: Self.acceptance(of: indices, in: graph, lookup))
    return try withStoreErrors { () throws(StoreError) in try store.fetch(fetch, progress: progress) }.count
  }

  /// Which encodings are there, with the bytes of their objects; none where it does not answer, which a warning says.
  func sizes(of digests: [SHA256Digest], _ lookup: StateLookup) -> [SHA256Digest: Int] {
    let keys = digests.map(lookup.key(of:))
    guard store.isUsable else { return [:] }
    do throws(PromptCacheError) {
      let sizes = try store.sizes(of: keys, names)
      return Dictionary(sizes.map { ($0.key.encoding, $0.value) }) { first, _ in first }
    } catch {
      if case .objectStorage(let failure) = error, !failure.concernsWholeStore { store.note(.refused(failure)) }
      return [:]
    }
  }

  /// Whether layers are those that an encoding of a graph has for the model.
  static func acceptance(
    of indices: [Int], in graph: some EncodingGraph, _ lookup: StateLookup
  ) -> @Sendable (EncodingKey, [KVBlobLayout]) -> Bool {
    var layouts: [EncodingKey: KVSegmentLayout] = [:]
    for index in indices {
      layouts[lookup.key(of: graph.digest(of: index))] = lookup.layout(tokens: graph.tokenCount(of: index))
    }
    let expected = layouts
    return { key, found in
      guard let layout = expected[key], found.count == layout.blobs.count else { return false }
      return found.indices.allSatisfy { layout.blob(layer: $0, tokens: found[$0].tokens) == found[$0] }
    }
  }
}

internal import ContentHash
internal import KVCacheFormat

/// One layer of an encoding that came from elsewhere, found to be what was written.
package struct ArrivedLayer: Sendable {
  package let key: BlobKey
  /// Layers of the encoding.
  package let layers: Int
  let layout: KVBlobLayout
  let payload: [UInt8]

  /// Bytes of its payload.
  package var byteCount: Int { payload.count }
}

extension StatesFile {
  /// Reads the payload of a layer, which comes next from `source`, and checks it.
  ///
  /// - Throws: `StoreError.damagedExport` if it is not what the head says, or holds numbers that are none.
  package func layer(_ number: Int, from source: any ByteSource) throws(StoreError) -> ArrivedLayer {
    let layout = layouts[number]
    let payload = try source.read(layout.byteCount)
    let span = unsafe payload.span.bytes
    guard SHA256Digest(of: span) == hashes[number] else { throw source.damaged(Self.otherLayer) }
    guard layout.holdsFiniteNumbers(span) else {
      throw source.damaged("a layer of an encoding holds numbers that are infinite or not numbers")
    }
    return ArrivedLayer(
      key: BlobKey(key, layer: number), layers: layouts.count, layout: layout, payload: payload)
  }

  static let otherLayer = "a layer of an encoding is not what was written"
}

/// Takes encodings in that come from elsewhere in whatever order, layer by layer.
///
/// Nobody sees an encoding before all of it is there: one that comes in several commits is marked as arriving, as an
/// import marks what it brings. It is for one thread.
package final class StatesIntake {
  private let store: StateStore
  /// Encodings that must not make room for others.
  private let kept: Set<EncodingKey>
  /// Those of which some layers are there, marked.
  private var arriving: Set<EncodingKey> = []
  private var isImporter = false

  /// Bytes of layers that are worth a commit.
  package static let commitByteCount = 64 << 20

  package init(into store: StateStore, keeping kept: Set<EncodingKey>) {
    self.store = store
    self.kept = kept
  }

  deinit {
    for key in arriving { try? discard(key) }
    if isImporter { store.endImporting() }
  }

  /// Puts layers, of each encoding the next ones in order.
  ///
  /// - Returns: the encodings that are whole now.
  package func put(_ layers: [ArrivedLayer]) throws(StoreError) -> [EncodingKey] {
    var counts: [EncodingKey: Int] = [:]
    var pages = 0
    for layer in layers {
      counts[layer.key.encodingKey, default: 0] += 1
      pages += try store.byteCountOnDisk(of: layer.layout)
    }
    let parts = Set(layers.lazy.filter { counts[$0.key.encodingKey] != $0.layers }.map(\.key.encodingKey))
    if !parts.isEmpty, !isImporter {
      try store.beginImporting()
      isImporter = true
    }
    var whole: [EncodingKey] = []
    try store.write(makingRoomFor: pages, keeping: kept) { (batch) throws(StoreError) in
      whole = []
      for layer in layers {
        let key = layer.key.encodingKey
        let isPart = parts.contains(key)
        if isPart, layer.key.layer == 0 { try batch.remove(key) }
        try batch.put(layer.key, layout: layer.layout, isArriving: isPart, fillingAll: true) { $0.copy(layer.payload) }
        guard layer.key.layer == layer.layers - 1 else { continue }
        if isPart { try batch.admit(key) }
        whole.append(key)
      }
    }
    arriving.formUnion(parts)
    arriving.subtract(whole)
    return whole
  }

  /// Removes what came of an encoding whose rest does not come.
  package func discard(_ key: EncodingKey) throws(StoreError) {
    guard arriving.remove(key) != nil else { return }
    try store.write { (batch) throws(StoreError) in try batch.remove(key) }
  }
}

package import ContentHash
package import KVCacheFormat
package import Store

/// Digests, layouts and payloads that the store's tests use.
package enum Sample {
  package static let model = digest("model")
  package static let shape = KVShape(layers: 3, heads: 2, headDimension: 8)

  package static func digest(_ text: String) -> SHA256Digest { SHA256Digest(of: text) }

  package static func layout(_ tokens: Int, _ element: KVElement = .f16) -> KVBlobLayout {
    KVBlobLayout(element: element, shape: shape, tokens: tokens)
  }

  package static func key(
    _ encoding: String, layer: Int = 0, model: SHA256Digest = model, _ element: KVElement = .f16
  ) -> BlobKey {
    BlobKey(model: model, element: element, encoding: digest(encoding), layer: layer)
  }

  /// The byte at `offset` of the payload that belongs to `key`.
  package static func byte(_ key: BlobKey, _ offset: Int) -> UInt8 {
    byte(seed(key), offset)
  }

  fileprivate static func byte(_ seed: Int, _ offset: Int) -> UInt8 {
    let byte = UInt8(truncatingIfNeeded: (seed &+ offset) &* 0x9E37_79B9 >> 16)
    // No exponent is all ones, in any format: the numbers are finite.
    return offset % 2 == 1 ? byte & 0xBF : byte
  }

  fileprivate static func seed(_ key: BlobKey) -> Int {
    key.encoding.bytes.prefix(4).reduce(key.layer &* 7) { $0 &* 31 &+ Int($1) }
  }
}

extension WriteBatch {
  /// Stores a blob whose payload tells from `key`.
  package borrowing func putSample(_ key: BlobKey, tokens: Int) throws(StoreError) {
    let seed = Sample.seed(key)
    try put(key, layout: Sample.layout(tokens, key.element)) { payload in
      for offset in payload.byteOffsets {
        payload.storeBytes(of: Sample.byte(seed, offset), toByteOffset: offset, as: UInt8.self)
      }
    }
  }

  /// Records a version, after storing what is missing of its encodings.
  @discardableResult
  package borrowing func recordSample(
    _ schema: String, _ text: String = "", model: SHA256Digest = Sample.model, encodings: [String] = ["a", "b"],
    element: KVElement = .f16, time: Int? = nil, layers: Int = 2
  ) throws(StoreError) -> VersionRecord {
    for encoding in encodings {
      for layer in 0..<layers {
        let key = Sample.key(encoding, layer: layer, model: model, element)
        if try !contains(key) { try putSample(key, tokens: 3) }
      }
    }
    return try recordVersion(
      model: model, schema: schema, hash: Sample.digest(text), lowered: Array(text.utf8), element: element,
      encodings: encodings.map(Sample.digest), labels: encodings, time: time)
  }
}

extension Blob {
  /// Whether the payload is that of `key`.
  package func isSample(_ key: BlobKey) -> Bool {
    let (payload, seed) = (payload, Sample.seed(key))
    return payload.byteCount == layout.byteCount
      && payload.byteOffsets.allSatisfy {
        unsafe payload.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == Sample.byte(seed, $0)
      }
  }

  /// Where the payload lies in memory.
  package var address: UInt { unsafe payload.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }

  /// A copy of the payload.
  package var bytes: [UInt8] { unsafe payload.withUnsafeBytes { unsafe Array($0) } }
}

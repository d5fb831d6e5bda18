import ContentHash
import KVCacheFormat
import Store

/// Digests, layouts and payloads that tests use.
enum Sample {
  static let model = digest("model")
  static let shape = KVShape(layers: 3, heads: 2, headDimension: 8)

  static func digest(_ text: String) -> SHA256Digest { SHA256Digest(of: text) }

  static func layout(_ tokens: Int, _ element: KVElement = .f16) -> KVBlobLayout {
    KVBlobLayout(element: element, shape: shape, tokens: tokens)
  }

  static func key(
    _ encoding: String, layer: Int = 0, model: SHA256Digest = model, _ element: KVElement = .f16
  ) -> BlobKey {
    BlobKey(model: model, element: element, encoding: digest(encoding), layer: layer)
  }

  /// The byte at `offset` of the payload that belongs to `key`.
  static func byte(_ key: BlobKey, _ offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: key.encoding.hashBytes &+ offset &* 31 &+ key.layer &* 7)
  }
}

extension SHA256Digest {
  /// The first bytes as a number.
  fileprivate var hashBytes: Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
}

extension WriteBatch {
  /// Stores a blob whose payload tells from `key`.
  borrowing func putSample(_ key: BlobKey, tokens: Int) throws(StoreError) {
    try put(key, layout: Sample.layout(tokens, key.element)) { payload in
      for offset in payload.byteOffsets {
        payload.storeBytes(of: Sample.byte(key, offset), toByteOffset: offset, as: UInt8.self)
      }
    }
  }
}

extension Blob {
  /// Whether the payload is that of `key`.
  func isSample(_ key: BlobKey) -> Bool {
    let payload = payload
    return payload.byteCount == layout.byteCount
      && payload.byteOffsets.allSatisfy {
        unsafe payload.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == Sample.byte(key, $0)
      }
  }

  /// Where the payload lies in memory.
  var address: UInt { unsafe payload.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }

  var bytes: [UInt8] { unsafe payload.withUnsafeBytes { unsafe Array($0) } }
}

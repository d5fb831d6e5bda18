import ContentHash
import KVCacheFormat
import Store

/// States of no model, to fill stores with.
struct Sample {
  static let model = SHA256Digest(of: "model")

  let shape: KVShape
  let tokens: Int

  /// Layout of one layer, and how many there are.
  var layout: KVBlobLayout { KVBlobLayout(element: .f16, shape: shape, tokens: tokens) }
  /// Layout of all layers.
  var segment: KVSegmentLayout { KVSegmentLayout(layout) }

  func key(_ number: Int) -> EncodingKey {
    EncodingKey(model: Self.model, element: .f16, encoding: SHA256Digest(of: "encoding \(number)"))
  }

  /// Stores all layers of an encoding; payloads come from `bytes`, again and again.
  func put(_ number: Int, from bytes: [UInt8], in batch: borrowing WriteBatch) throws(StoreError) {
    let key = key(number)
    let layout = layout
    for layer in 0..<shape.layers {
      try batch.put(BlobKey(key, layer: layer), layout: layout) { payload in
        unsafe payload.withUnsafeMutableBytes { target in
          unsafe bytes.withUnsafeBytes { source in
            var offset = 0
            while offset < target.count {
              let count = min(source.count, target.count - offset)
              unsafe target[offset..<offset + count].copyBytes(from: source[..<count])
              offset += count
            }
          }
        }
      }
    }
  }

  /// Records a version that needs these encodings.
  func record(_ schema: String, _ numbers: Range<Int>, in batch: borrowing WriteBatch) throws(StoreError) {
    try batch.recordVersion(
      model: Self.model, schema: schema, hash: SHA256Digest(of: "\(schema) \(numbers.lowerBound)"), lowered: [],
      element: .f16, encodings: numbers.map { key($0).encoding })
  }

  /// Fills `store` with encodings in commits of about 32 MB.
  func fill(_ store: StateStore, _ numbers: Range<Int>, from bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]) throws {
    var next = numbers.lowerBound
    while next < numbers.upperBound {
      try store.write { (batch) throws(StoreError) in
        while next < numbers.upperBound, batch.byteCount < 32 << 20 {
          try put(next, from: bytes, in: batch)
          next += 1
        }
      }
    }
  }

  /// Random bytes, the same in each run.
  static func randomBytes(_ count: Int) -> [UInt8] {
    var state: UInt64 = 1
    return (0..<count).map { offset in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // No exponent is all ones: the numbers are finite.
      return UInt8(truncatingIfNeeded: state >> 56) & (offset % 2 == 1 ? 0xBF : 0xFF)
    }
  }
}

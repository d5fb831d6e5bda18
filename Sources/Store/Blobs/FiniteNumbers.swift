internal import KVCacheFormat

extension KVBlobLayout {
  /// Whether no number of `payload` is infinite or not a number; in a format with scales, no scale.
  ///
  /// - Precondition: the payload has `byteCount` bytes.
  func holdsFiniteNumbers(_ payload: RawSpan) -> Bool {
    precondition(payload.byteCount == byteCount, "another payload")
    switch element {
    case .f32: return payload.hasFiniteExponents(0x7F80_0000_7F80_0000, lowest: 0x0080_0000_0080_0000)
    case .f16: return payload.hasFiniteExponents(0x7C00_7C00_7C00_7C00, lowest: 0x0400_0400_0400_0400)
    case .q8:
      let numbers = Self.tileTokens * shape.headDimension
      let tile = element.tileByteCount(headDimension: shape.headDimension)
      for side in 0..<2 * shape.heads {
        for number in 0..<tiles {
          let start = side * headByteCount + number * tile
          let scales = payload.extracting(start + numbers..<start + tile)
          guard scales.hasFiniteExponents(0x7F80_7F80_7F80_7F80, lowest: 0x0080_0080_0080_0080) else { return false }
        }
      }
      return true
    }
  }
}

extension RawSpan {
  /// Whether no number has an exponent of ones alone. `exponent` has the bits of the exponents in 8 bytes, `lowest` the
  /// lowest bit of each.
  ///
  /// - Precondition: the bytes are a multiple of 32.
  fileprivate func hasFiniteExponents(_ exponent: UInt64, lowest: UInt64) -> Bool {
    typealias Vector = SIMD4<UInt64>
    precondition(byteCount % MemoryLayout<Vector>.size == 0, "half a vector")
    let (mask, one) = (Vector(repeating: exponent), Vector(repeating: lowest))
    // Adding the lowest bit carries into the place of the sign, which the mask made 0, if all bits are ones.
    var carries = Vector.zero
    for offset in stride(from: 0, to: byteCount, by: MemoryLayout<Vector>.size) {
      carries |= (unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Vector.self) & mask) &+ one
    }
    let signs = exponent &+ lowest
    return (carries & Vector(repeating: signs)) == .zero
  }
}

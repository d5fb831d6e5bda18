/// Integers in formats: least significant byte first, at any address.
extension RawSpan {
  /// The integer at `offset`.
  ///
  /// - Precondition: its bytes lie in the span.
  func integer<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type) -> T {
    T(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

extension MutableRawSpan {
  /// Writes `value` at `offset`.
  ///
  /// - Precondition: its bytes lie in the span.
  mutating func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }
}

extension MutableRawSpan {
  /// Copies `bytes` to the start.
  ///
  /// - Precondition: there is room for them.
  mutating func copy(_ bytes: [UInt8]) {
    unsafe withUnsafeMutableBytes { target in unsafe target.copyBytes(from: bytes) }
  }

  /// Makes some bytes zero.
  mutating func clear(_ range: Range<Int>) {
    _ = unsafe withUnsafeMutableBytes { bytes in
      unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[range]).initializeMemory(as: UInt8.self, repeating: 0)
    }
  }
}

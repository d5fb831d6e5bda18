internal import Glibc

/// Where in the map a value lies: good as long as a snapshot that shows it lives.
struct MapRange: Hashable, Sendable {
  let address: UInt
  let byteCount: Int

  private init(address: UInt, byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }

  /// Where `bytes`, lent by a snapshot, lie.
  init(of bytes: RawSpan) {
    self = unsafe bytes.withUnsafeBytes { bytes in
      Self(address: UInt(bitPattern: bytes.baseAddress), byteCount: bytes.count)
    }
  }

  /// Part of the range, `count` bytes from `offset` on.
  ///
  /// - Precondition: it is part of it.
  func part(from offset: Int, count: Int) -> MapRange {
    precondition(offset >= 0 && count >= 0 && count <= byteCount - offset, "not part of the value")
    return MapRange(address: address + UInt(offset), byteCount: count)
  }

  /// The `count` bytes before.
  func before(_ count: Int) -> MapRange { MapRange(address: address - UInt(count), byteCount: count) }

  /// The bytes. Unsafe: the caller ties them to the life of a snapshot that shows them.
  @unsafe var bytes: RawSpan {
    @_lifetime(immortal) get {
      let bytes = unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: byteCount)
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), copying: ())
    }
  }

  /// Asks the system to have the bytes in memory soon. It is advice, which may go unheard.
  func prefetch(pageByteCount: Int) {
    let start = address / UInt(pageByteCount) * UInt(pageByteCount)
    let count = Int(address - start) + byteCount
    _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), count, MADV_WILLNEED)
  }
}

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

  /// Asks the system to have the bytes in memory soon, without waiting for them, unless both ends are there already. It is
  /// advice, which may go unheard.
  func prefetch(pageByteCount: Int) {
    guard !isResident(pageByteCount: pageByteCount) else { return }
    let start = Self.page(of: address, pageByteCount)
    _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_WILLNEED)
  }

  /// The same for many, of which those that lie side by side, as what was written together does, are one.
  static func prefetch(_ ranges: [MapRange], pageByteCount: Int) {
    var rest = ranges[...]
    while var range = rest.popFirst() {
      while let next = rest.first, next.address >= range.end, next.address - range.end <= UInt(pageByteCount) {
        range = MapRange(address: range.address, byteCount: Int(next.end - range.address))
        rest.removeFirst()
      }
      if range.byteCount > 0 { range.prefetch(pageByteCount: pageByteCount) }
    }
  }

  private var end: UInt { address + UInt(byteCount) }

  private static func page(of address: UInt, _ byteCount: Int) -> UInt { address / UInt(byteCount) * UInt(byteCount) }

  /// Whether a page is in memory, as far as the system says.
  private func isPageResident(of address: UInt, _ byteCount: Int) -> Bool {
    var state: UInt8 = 0
    let page = unsafe UnsafeMutableRawPointer(bitPattern: Self.page(of: address, byteCount))
    return unsafe mincore(page, byteCount, &state) == 0 && state & 1 == 1
  }

  /// Whether both ends of the range are in memory.
  func isResident(pageByteCount: Int) -> Bool {
    isPageResident(of: address, pageByteCount) && isPageResident(of: end - 1, pageByteCount)
  }
}

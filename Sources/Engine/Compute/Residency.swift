import Glibc

/// What the system knows about the memory of a mapped file, and hints to it.
enum Residency {
  /// Asks the system to read these bytes soon, without waiting for them. Memory of no file is left as it is.
  static func willNeed(_ address: UnsafeRawPointer, byteCount: Int) {
    let (start, length) = unsafe pages(address, byteCount: byteCount)
    // A hint: where the system cannot follow it, reading just waits.
    unsafe _ = madvise(start, length, MADV_WILLNEED)
  }

  /// Takes whole pages of a mapped file out of this process, to be read again if they are used again.
  static func release(_ address: UnsafeRawPointer, byteCount: Int) {
    let (start, length) = unsafe pages(address, byteCount: byteCount)
    unsafe _ = madvise(start, length, MADV_DONTNEED)
  }

  /// Whether every page of these bytes is in memory.
  static func isResident(_ address: UnsafeRawPointer, byteCount: Int) -> Bool {
    let (start, length) = unsafe pages(address, byteCount: byteCount)
    var states = [UInt8](repeating: 0, count: (length + pageSize - 1) / pageSize)
    return unsafe mincore(start, length, &states) != 0 || states.allSatisfy { $0 & 1 == 1 }
  }

  private static let pageSize = max(sysconf(Int32(_SC_PAGESIZE)), 1)

  /// The whole pages that hold these bytes.
  private static func pages(
    _ address: UnsafeRawPointer, byteCount: Int
  ) -> (start: UnsafeMutableRawPointer, length: Int) {
    let skipped = Int(bitPattern: address) % pageSize
    return unsafe (UnsafeMutableRawPointer(mutating: address - skipped), byteCount + skipped)
  }
}

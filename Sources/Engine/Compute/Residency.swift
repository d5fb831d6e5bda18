import Glibc

/// Whether memory that a file is mapped to is in memory, and asking for it ahead.
enum Residency {
  /// Asks the system to read these bytes soon, without waiting for them. Memory of no file is left as it is.
  static func willNeed(_ address: UnsafeRawPointer, byteCount: Int) {
    let (start, length) = unsafe pages(address, byteCount: byteCount)
    // A hint: where the system cannot follow it, reading just waits.
    unsafe _ = madvise(start, length, MADV_WILLNEED)
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

internal import Glibc

/// An open file descriptor.
struct File: ~Copyable {
  let descriptor: Int32
  private let path: String

  /// Opens `path`; a new file is its owner's alone. Errors name `errorPath`, where it is given.
  init(_ path: String, _ flags: Int32, errorPath: String? = nil) throws(StoreError) {
    descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
    self.path = errorPath ?? path
    guard descriptor >= 0 else { throw StoreError(code: errno, operation: "open", path: self.path) }
  }

  deinit { close(descriptor) }

  /// Reads `count` bytes from `offset` on, or those that there are.
  func read(_ count: Int, at offset: Int) throws(StoreError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var elements = bytes.mutableSpan
    var span = unsafe elements.mutableBytes
    let filled = try read(into: &span, at: offset)
    bytes.removeLast(count - filled)
    return bytes
  }

  /// Fills `span` with the bytes from `offset` on, as far as there are any.
  ///
  /// - Returns: how many.
  func read(into span: inout MutableRawSpan, at offset: Int) throws(StoreError) -> Int {
    let count = span.byteCount
    var (filled, failure) = (0, Int32(0))
    unsafe span.withUnsafeMutableBytes { buffer in
      while filled < count {
        let start = unsafe buffer.baseAddress.map { unsafe $0 + filled }
        let read = unsafe pread(descriptor, start, count - filled, offset + filled)
        if read < 0, errno == EINTR { continue }
        if read < 0 { failure = errno }
        if read <= 0 { break }
        filled += read
      }
    }
    guard failure == 0 else { throw StoreError(code: failure, operation: "read", path: path) }
    return filled
  }

  /// Bytes of the file.
  func byteCount() throws(StoreError) -> Int { Int(try status().st_size) }

  /// Bytes that it takes on the disk.
  func allocatedByteCount() throws(StoreError) -> Int { Int(try status().st_blocks) * 512 }

  private func status() throws(StoreError) -> stat {
    var found = stat()
    guard unsafe fstat(descriptor, &found) == 0 else {
      throw StoreError(code: errno, operation: "fstat", path: path)
    }
    return found
  }

  /// Writes all of `bytes` at the current place.
  func write(_ bytes: RawSpan) throws(StoreError) {
    var count = 0
    while count < bytes.byteCount {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw StoreError(code: errno, operation: "write", path: path) }
      count += written
    }
  }

  /// Writes all of `bytes` from `offset` on.
  func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
    guard lseek(descriptor, offset, SEEK_SET) == offset else {
      throw StoreError(code: errno, operation: "lseek", path: path)
    }
    try unsafe write(bytes.span.bytes)
  }

  /// Makes the file `byteCount` bytes long; what is new reads as zeros.
  func extend(to byteCount: Int) throws(StoreError) {
    guard ftruncate(descriptor, byteCount) == 0 else {
      throw StoreError(code: errno, operation: "ftruncate", path: path)
    }
  }

  /// Has the disk set aside `range` of the file, which becomes that long.
  ///
  /// - Returns: 0, or an error number.
  func claim(_ range: Range<Int>) throws(StoreError) -> Int32 {
    while true {
      let code = posix_fallocate(descriptor, range.lowerBound, range.count)
      if code != EINTR { return code }
    }
  }

  /// Gives a file without a name one.
  func link(to path: String) throws(StoreError) {
    guard unsafe linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 else {
      throw StoreError(code: errno, operation: "linkat", path: self.path)
    }
  }

  /// Waits until what was written is on the disk.
  func synchronize() throws(StoreError) {
    guard fsync(descriptor) == 0 else { throw StoreError(code: errno, operation: "fsync", path: path) }
  }
}

/// The first `limit` bytes of the file at `path`, or `nil` if there is none.
func readFile(_ path: String, limit: Int) throws(StoreError) -> [UInt8]? {
  do throws(StoreError) {
    return try File(path, O_RDONLY).read(limit, at: 0)
  } catch .system(_, _, ENOENT) {
    return nil
  }
}

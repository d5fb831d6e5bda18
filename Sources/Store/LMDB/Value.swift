internal import CLMDB
internal import Glibc

extension RawSpan {
  /// The bytes that `value` describes, for as long as they are there.
  @_lifetime(immortal)
  init(_ value: MDB_val) {
    let bytes = unsafe UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
    self = unsafe _overrideLifetime(RawSpan(_unsafeBytes: bytes), copying: ())
  }
}

/// Calls `body` with a description of `bytes`, which LMDB reads only.
func withValue<R, E: Error>(_ bytes: RawSpan, _ body: (inout MDB_val) throws(E) -> R) throws(E) -> R {
  try unsafe bytes.withUnsafeBytes { (buffer) throws(E) in
    var value = unsafe MDB_val(mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
    return try unsafe body(&value)
  }
}

extension RawSpan {
  /// Whether the first bytes are those of `prefix`.
  func begins(with prefix: RawSpan) -> Bool {
    byteCount >= prefix.byteCount && extracting(first: prefix.byteCount).equals(prefix)
  }

  /// Whether both hold the same bytes.
  func equals(_ other: RawSpan) -> Bool {
    guard byteCount == other.byteCount else { return false }
    return unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        return unsafe memcmp(left, right, byteCount) == 0
      }
    }
  }

  /// A copy of the bytes.
  var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

  /// Two digits a byte.
  var hexadecimal: String {
    byteOffsets.map { offset in
      let byte = integer(at: offset, as: UInt8.self)
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// The lowest key above all that begin with these bytes, or `nil` if there is none.
  var successor: [UInt8]? {
    var key = array
    while let last = key.popLast() {
      if last < 255 { return key + [last + 1] }
    }
    return nil
  }
}

/// Keyed hashes with SHA-256 (RFC 2104).
public enum HMACSHA256 {
  private static let blockByteCount = 64

  /// The code of `message` under `key`.
  public static func code(of message: [UInt8], key: [UInt8]) -> SHA256Digest {
    var block = key.count > blockByteCount ? unsafe SHA256Digest(of: key.span.bytes).bytes : key
    block += [UInt8](repeating: 0, count: blockByteCount - block.count)
    let inner = digest(block.map { $0 ^ 0x36 }, message)
    return digest(block.map { $0 ^ 0x5C }, inner.bytes)
  }

  private static func digest(_ first: [UInt8], _ second: [UInt8]) -> SHA256Digest {
    var hasher = SHA256Hasher()
    unsafe hasher.update(bytes: first.span.bytes)
    unsafe hasher.update(bytes: second.span.bytes)
    return hasher.finalize()
  }
}

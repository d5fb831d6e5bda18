internal import CLibCrypto

/// A SHA-256 computation in progress (OpenSSL's).
///
/// Integers are fed as 8 bytes, least significant first, and strings with their length before them, so that no two
/// different sequences of calls feed the same bytes.
@safe public struct SHA256Hasher: ~Copyable {
  private let context: OpaquePointer?

  /// An empty computation.
  public init() {
    unsafe context = EVP_MD_CTX_new()
    // Both fail only for want of memory, which Swift itself does not survive either.
    let started = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
    precondition(started == 1, "OpenSSL has no SHA-256")
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Feeds bytes as they are.
  public mutating func update(bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      let fed = unsafe EVP_DigestUpdate(context, base, buffer.count)
      precondition(fed == 1, "SHA-256 takes no more bytes")
    }
  }

  /// Feeds an integer: 8 bytes, least significant first.
  public mutating func update(_ value: Int) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    unsafe update(bytes: bytes.span.bytes)
  }

  /// Feeds the number of UTF-8 bytes in `text`, then these bytes.
  public mutating func update(_ text: String) {
    let bytes = Array(text.utf8)
    update(bytes.count)
    unsafe update(bytes: bytes.span.bytes)
  }

  /// Feeds the 32 bytes of a digest.
  public mutating func update(_ digest: SHA256Digest) {
    unsafe update(bytes: digest.bytes.span.bytes)
  }

  /// The digest of what was fed.
  public consuming func finalize() -> SHA256Digest {
    var bytes = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
    let done = unsafe bytes.withUnsafeMutableBufferPointer { unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
    guard done == 1, let digest = SHA256Digest(bytes: bytes) else {
      preconditionFailure("SHA-256 gave no digest")
    }
    return digest
  }
}

extension SHA256Digest {
  /// The digest of `bytes`.
  public init(of bytes: RawSpan) {
    var hasher = SHA256Hasher()
    hasher.update(bytes: bytes)
    self = hasher.finalize()
  }

  /// The digest of several texts in order: of their number and, each with its length, their UTF-8 bytes.
  public init(ofTexts texts: some Collection<String>) {
    var hasher = SHA256Hasher()
    hasher.update("prompt-cache texts 1")
    hasher.update(texts.count)
    for text in texts { hasher.update(text) }
    self = hasher.finalize()
  }

  /// The digest of the UTF-8 bytes of `text`.
  public init(of text: String) {
    unsafe self.init(of: Array(text.utf8).span.bytes)
  }
}

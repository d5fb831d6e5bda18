public import ContentHash

extension Schema {
  /// SHA-256 of the canonical JSON: what a version of a schema is known by.
  public var contentHash: SHA256Digest { unsafe SHA256Digest(of: canonicalJSON.span.bytes) }
}

import ContentHash

/// The digests by which stores are searched for encodings. Tests pin their form.
enum EncodingIdentity {
  /// Identity of a context in which nothing is seen.
  static let emptyContext = SHA256Digest(of: "prompt-cache context 1")

  /// Identity of `context` and one more entry.
  ///
  /// - Parameters:
  ///   - digest: of the encoding that is seen.
  ///   - place: position at which its first token is seen.
  static func context(
    _ context: SHA256Digest, appending digest: SHA256Digest, at place: Int
  ) -> SHA256Digest {
    var hasher = SHA256Hasher()
    hasher.update(context)
    hasher.update(digest)
    hasher.update(place)
    return hasher.finalize()
  }

  /// Identity of an encoding: a function of what it sees, where it stands, and its tokens.
  ///
  /// - Parameters:
  ///   - context: identity of what it sees.
  ///   - start: position of its first token.
  ///   - isExtended: whether keys are turned by a model's long factors.
  ///   - tokens: feeds the tokens.
  static func encoding(
    seeing context: SHA256Digest, at start: Int, isExtended: Bool, tokens: (inout SHA256Hasher) -> Void
  ) -> SHA256Digest {
    var hasher = SHA256Hasher()
    hasher.update(isExtended ? "prompt-cache encoding 1, long factors" : "prompt-cache encoding 1")
    hasher.update(context)
    hasher.update(start)
    tokens(&hasher)
    return hasher.finalize()
  }
}

extension SHA256Hasher {
  /// Feeds the number of tokens, then 4 bytes each, least significant first.
  mutating func update(tokens: [TokenID]) {
    update(tokens.count)
    let words = tokens.map(\.littleEndian)
    unsafe update(bytes: words.span.bytes)
  }
}

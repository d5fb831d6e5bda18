internal import ContentHash

/// The digests by which documents and libraries are known: of their text alone, before any tokenizer has seen it. Tests pin
/// their form.
enum LibraryIdentity {
  /// Identity of a document: what it says, run by run.
  static func document(_ runs: [TextRun]) -> SHA256Digest {
    SHA256Digest(ofTexts: runs.map(\.text))
  }

  /// Identity of a library: what its documents are called and which they are, in order.
  static func library(_ documents: some Collection<(name: String, content: SHA256Digest)>) -> SHA256Digest {
    var hasher = SHA256Hasher()
    hasher.update("prompt-cache library 1")
    hasher.update(documents.count)
    for (name, content) in documents {
      hasher.update(name)
      hasher.update(content)
    }
    return hasher.finalize()
  }
}

package import ContentHash

/// One tenant's part of the store: the first 32 bytes of all its keys.
struct Namespace: Hashable {
  let name: String
  let tag: SHA256Digest

  init(_ name: String) {
    var hasher = SHA256Hasher()
    hasher.update("prompt-cache namespace")
    hasher.update(name)
    self.name = name
    tag = hasher.finalize()
  }
}

extension StoreOptions {
  /// What the keys of a namespace begin with: the digest that stands for its name.
  package static func tag(ofNamespace name: String) -> SHA256Digest { Namespace(name).tag }
}

public import ContentHash

extension EncodingPlan {
  /// Indices of the encodings that are kept, one for each digest.
  public var distinctStored: [Int] { distinct(encodings.indices.filter { encodings[$0].isStored }) }

  /// What has to be computed so that all that is kept is there: the missing encodings and the placeholders that they see.
  ///
  /// In plan order, one for each digest; found in time linear in the plan's size. What they see besides is not missing.
  ///
  /// - Parameter isMissing: whether there are no states for a digest.
  public func computation<E: Error>(where isMissing: (SHA256Digest) throws(E) -> Bool) throws(E) -> [Int] {
    var needed: Set<Int> = []
    for index in distinctStored where try isMissing(encodings[index].digest) { needed.insert(index) }
    // Contexts share their beginnings: one that was met before has been followed to its own.
    var followed: Set<ContextTree.Context> = [.empty]
    var contexts = needed.map { encodings[$0].context }
    while var context = contexts.popLast() {
      while followed.insert(context).inserted {
        let link = self.contexts.links[context.link]
        let seen = link.entry.encoding
        if !encodings[seen].isStored, needed.insert(seen).inserted { contexts.append(encodings[seen].context) }
        context = link.before
      }
    }
    return distinct(needed.sorted())
  }

  private func distinct(_ indices: [Int]) -> [Int] {
    var digests: Set<SHA256Digest> = []
    return indices.filter { digests.insert(encodings[$0].digest).inserted }
  }
}

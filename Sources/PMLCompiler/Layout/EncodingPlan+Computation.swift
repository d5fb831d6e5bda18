import ContentHash

extension EncodingPlan {
  /// Indices of the encodings that are kept, one for each digest.
  public var distinctStored: [Int] { distinct(encodings.indices.filter { encodings[$0].isStored }) }

  /// What has to be computed so that the `wanted` encodings are there: those missing, and what they see and is missing
  /// too or never kept.
  ///
  /// In plan order, one for each digest; found in time linear in the plan's size.
  ///
  /// - Parameter wanted: indices of encodings of the plan.
  /// - Parameter isMissing: whether there are no states for an encoding that is kept, or that has the digest of one.
  public func computation<E: Error>(
    of wanted: [Int], where isMissing: (Encoding) throws(E) -> Bool
  ) throws(E) -> [Int] {
    var settled: Set<Int> = []
    var needed: [Int] = []
    // Contexts share their beginnings: one that was met before has been followed to its own.
    var followed: Set<ContextTree.Context> = [.empty]
    var pending = wanted
    while let index = pending.popLast() {
      let encoding = encodings[index]
      guard settled.insert(index).inserted else { continue }
      if encoding.isStored || placeholdersLikeTexts.contains(encoding.digest) {
        guard try isMissing(encoding) else { continue }
      }
      needed.append(index)
      var context = encoding.context
      while followed.insert(context).inserted {
        let link = contexts.links[context.link]
        pending.append(link.entry.encoding)
        context = link.before
      }
    }
    return distinct(needed.sorted())
  }

  /// One encoding for each digest, where the first of them stands: one that is kept, if one is, since a placeholder may
  /// have the tokens of a text.
  private func distinct(_ indices: [Int]) -> [Int] {
    var places: [SHA256Digest: Int] = [:]
    var distinct: [Int] = []
    for index in indices {
      let encoding = encodings[index]
      if let place = places[encoding.digest] {
        if encoding.isStored, !encodings[distinct[place]].isStored { distinct[place] = index }
      } else {
        places[encoding.digest] = distinct.count
        distinct.append(index)
      }
    }
    return distinct
  }
}

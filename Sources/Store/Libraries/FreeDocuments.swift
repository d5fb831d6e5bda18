internal import ContentHash

extension StateStore {
  /// Rows and texts that one commit removes.
  private static var documentsInCommit: Int { 4096 }

  /// Removes rows of listings, and texts of documents, that no version of this namespace has. The caller holds the writer
  /// lock, and nobody is warming.
  func freeDocuments() throws(StoreError) {
    var keys = try snapshot().needlessDocuments()
    while !keys.isEmpty {
      let part = keys.suffix(Self.documentsInCommit)
      keys.removeLast(part.count)
      try commit { (batch) throws(StoreError) in
        for (table, key) in part {
          guard let table = batch.tables[table] else { continue }
          try unsafe batch.transaction.remove(key.span.bytes, in: table)
        }
      }
    }
  }
}

extension Snapshot {
  /// Keys of rows and texts that no version of this namespace has.
  fileprivate func needlessDocuments() throws(StoreError) -> [(table: Table.Name, key: [UInt8])] {
    let versions = try versions()
    let listings = Set(versions.flatMap { $0.libraries.map(\.identity) })
    let contents = Set(versions.flatMap { $0.libraries.flatMap { $0.documents.map(\.content) } })
    let namespace = store.namespace
    return try read { (transaction, tables) throws(StoreError) in
      var keys: [(table: Table.Name, key: [UInt8])] = []
      let tag = namespace.tag.bytes
      if let table = tables.documents {
        try unsafe transaction.visit(table, prefix: tag.span.bytes) { (key, _) in
          guard key.byteCount >= 2 * SHA256Digest.byteCount,
            listings.contains(SHA256Digest(copying: key, at: SHA256Digest.byteCount))
          else {
            keys.append((.documents, key.array))
            return .next
          }
          // All rows of a listing that is needed.
          return key.extracting(first: 2 * SHA256Digest.byteCount).successor.map { .skip(to: $0) } ?? .stop
        }
      }
      if let table = tables.texts {
        try unsafe transaction.visit(table, prefix: tag.span.bytes) { (key, _) in
          if !(TextKey.content(in: key).map(contents.contains) ?? false) { keys.append((.texts, key.array)) }
          return .next
        }
      }
      return keys
    }
  }
}

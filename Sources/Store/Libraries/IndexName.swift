public import ContentHash
internal import Failure
public import FileSystem

/// Names of the files beside the database that index libraries for full-text search.
///
/// `MODEL.IDENTITY.index`: the model's fingerprint, and SHA-256 over the namespace's tag and the listing's identity, so that
/// no namespace can tell what another one has.
enum IndexName {
  private static let suffix = "index"

  static func identity(of listing: SHA256Digest, in namespace: SHA256Digest) -> SHA256Digest {
    var hasher = SHA256Hasher()
    hasher.update(namespace)
    hasher.update(listing)
    return hasher.finalize()
  }

  static func name(_ identity: SHA256Digest, model: SHA256Digest) -> FilePath {
    FilePath("\(model.hexadecimal).\(identity.hexadecimal).\(suffix)")
  }

  /// The identity in a file's name; `nil` if it is no index's.
  static func identity(in name: FilePath) -> SHA256Digest? {
    let parts = name.description.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == suffix else { return nil }
    return SHA256Digest(hexadecimal: String(parts[1]))
  }
}

extension StateStore {
  /// Name, in `derivedFolder`, of the file that indexes a library's listing for search.
  ///
  /// - Parameters:
  ///   - listing: identity of the listing.
  ///   - model: fingerprint of the model that the version is for.
  public func indexName(ofListing listing: SHA256Digest, model: SHA256Digest) -> FilePath {
    IndexName.name(IndexName.identity(of: listing, in: namespace.tag), model: model)
  }
}

extension StateStore {
  /// The folder for indexes, beside the database. It is made where it is missing, even if the store is open for reading: an
  /// index is no change of what the store holds.
  ///
  /// - Returns: `nil` where there is none and none can be made.
  public func folderOfIndexes() throws(StoreError) -> Folder? {
    do throws(StoreError) {
      let files = try DerivedFiles.make(in: open.folder)
      return try storing(try files.folder.again())
    } catch {
      guard options.readOnly, [.input, .own, .resources].contains(error.category) else { throw error }
      return try derivedFolder()
    }
  }
}

extension Snapshot {
  /// Identities of the indexes that versions of all namespaces have libraries for, without the versions `removed` of this one.
  func indexesOfAllNamespaces(besides removed: [VersionName]) throws(StoreError) -> Set<SHA256Digest> {
    let removed = Set(removed.map { VersionKey(store.namespace, $0).bytes })
    return try read { (transaction, tables) throws(StoreError) in
      guard let table = tables.heads else { return [] }
      var indexes: Set<SHA256Digest> = []
      try transaction.visit(table, prefix: RawSpan()) { (key, value) in
        guard key.byteCount > SHA256Digest.byteCount, !removed.contains(key.array),
          let head = VersionHead(record: value, key: key)
        else { return .next }
        let namespace = SHA256Digest(copying: key, at: 0)
        for library in head.libraries { indexes.insert(IndexName.identity(of: library.listing, in: namespace)) }
        return .next
      }
      return indexes
    }
  }
}

internal import ContentHash
internal import FileSystem
internal import PMLCompiler
internal import Store
internal import Synchronization
internal import TextSearch

/// The full-text indexes that a session has open, by the listing that each is of.
final class DocumentIndexes: Sendable {
  /// Indexes that stay open: a program serves few libraries at a time.
  private static let most = 16

  private let open = Mutex<[(listing: SHA256Digest, index: TextIndex)]>([])

  /// The index of a listing, which `make` opens or makes where it is not open.
  func index(
    of listing: SHA256Digest, _ make: () throws(PromptCacheError) -> TextIndex
  ) throws(PromptCacheError) -> TextIndex {
    if let known = open.withLock({ open in open.first { $0.listing == listing }?.index }) { return known }
    let index = try make()
    open.withLock { open in
      open.removeAll { $0.listing == listing }
      open.append((listing, index))
      if open.count > Self.most { open.removeFirst() }
    }
    return index
  }

  /// Lets go of an index that turned out to be damaged.
  func forget(_ listing: SHA256Digest) { open.withLock { open in open.removeAll { $0.listing == listing } } }
}

extension CacheSession {
  /// The documents of a library that suit a question best, by BM25.
  ///
  /// An index that is missing or damaged is made anew from the texts, beside the store where that can be written to.
  func matches(
    _ query: String, in library: Schema.Library, of schema: PlannedSchema, count: Int
  ) throws(PromptCacheError) -> [TextIndex.Match] {
    guard let listing = schema.documents.listing(of: library) else { throw .noTexts }
    let index = try indexes.index(of: listing) { () throws(PromptCacheError) in
      if let path = try indexPath(of: listing) {
        if let index = try openIndex(at: path, of: listing) { return index }
        // Warming makes one: it was removed, or the version came without it.
        if case .stored = schema.documents {
          progress(
            .indexDamaged(library: library.name, because: .index(TextIndexError.noIndex(path: path.description))))
        }
      }
      return try makeIndex(of: library, listing, in: schema, from: nil)
    }
    do throws(TextIndexError) {
      return try index.best(count, for: query, in: library.name)
    } catch {
      guard error.isMendedByMaking else { throw .index(error) }
      indexes.forget(listing)
      progress(.indexDamaged(library: library.name, because: .index(error)))
    }
    let remade = try makeIndex(of: library, listing, in: schema, from: nil)
    do throws(TextIndexError) {
      return try remade.best(count, for: query, in: library.name)
    } catch {
      throw .index(error)
    }
  }

  /// Makes sure that the libraries of a schema's source are indexed, from what the version before had.
  func indexDocuments(
    of schema: PlannedSchema, in store: StateStore, from older: VersionHead?
  ) throws(PromptCacheError) {
    for library in schema.schema.libraries {
      guard let listing = schema.documents.listing(of: library) else { continue }
      if let path = try indexPath(of: listing), try openIndex(at: path, of: listing) != nil { continue }
      let before = older?.libraries.first { $0.name == library.name }?.listing
      let path = try before.flatMap { (before) throws(PromptCacheError) in try indexPath(of: before) }
      _ = try makeIndex(of: library, listing, in: schema, from: path)
    }
  }

  /// Where the index of a listing is or will be; `nil` where there is no store for it.
  private func indexPath(of listing: SHA256Digest) throws(PromptCacheError) -> FilePath? {
    guard let store = try sessionStore.readable() else { return nil }
    let fingerprint = try fingerprint
    return try withStoreErrors { () throws(StoreError) -> FilePath? in
      guard let folder = try store.folderOfIndexes() else { return nil }
      return folder.path.appending(store.indexName(ofListing: listing, model: fingerprint))
    }
  }

  /// The index at `path`; `nil` if it is missing, damaged, or of something else.
  private func openIndex(at path: FilePath, of listing: SHA256Digest) throws(PromptCacheError) -> TextIndex? {
    do throws(TextIndexError) {
      let index = try TextIndex(at: path)
      return index.stamp == listing.bytes ? index : nil
    } catch {
      switch error {
      case .noIndex: return nil
      case _ where error.isMendedByMaking:
        progress(.indexDamaged(library: "", because: .index(error)))
        return nil
      default: throw .index(error)
      }
    }
  }

  /// Makes the index of a library, beside the store if that can be written to, else in a file that goes with this process.
  private func makeIndex(
    of library: Schema.Library, _ listing: SHA256Digest, in schema: PlannedSchema, from older: FilePath?
  ) throws(PromptCacheError) -> TextIndex {
    defer { progress(.ended) }
    if let path = try indexPath(of: listing) {
      do throws(PromptCacheError) {
        return try makeIndex(of: library, listing, in: schema, at: path, from: older)
      } catch {
        guard case .index(let reason as TextIndexError) = error, case .noPermission = reason else { throw error }
      }
    }
    let folder: ScratchFolder
    do throws(SystemFailure) {
      folder = try ScratchFolder()
    } catch {
      throw .unreadableDocuments("an index cannot be made: \(error.reason)")
    }
    // The file is open by the end, and goes once nobody has it so.
    defer { withExtendedLifetime(folder) {} }
    return try makeIndex(of: library, listing, in: schema, at: folder.path.appending("index"), from: nil)
  }

  private func makeIndex(
    of library: Schema.Library, _ listing: SHA256Digest, in schema: PlannedSchema, at path: FilePath,
    from older: FilePath?
  ) throws(PromptCacheError) -> TextIndex {
    do {
      var done = 0
      try TextIndexMaker.make(at: path, from: older, stamp: listing.bytes) { maker in
        try schema.documents.forEachDocument(in: library) { (name, content, text) throws(PromptCacheError) in
          do {
            try maker.put(name, in: library.name, digest: content.bytes, text: text)
          } catch {
            throw PromptCacheError(libraryFailure: error)
          }
          done += 1
          if done % 1024 == 0 { progress(.indexing(library: library.name, done: done, total: library.count)) }
        }
      }
      return try TextIndex(at: path)
    } catch {
      throw PromptCacheError(libraryFailure: error)
    }
  }
}

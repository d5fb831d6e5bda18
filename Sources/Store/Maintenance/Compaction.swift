internal import ContentHash
public import FileSystem

/// What compaction did.
public struct CompactionReport: Hashable, Codable, Sendable {
  /// Bytes that the database's file took on the disk before.
  public let byteCountBefore: Int
  /// Bytes that it takes now.
  public let byteCountAfter: Int
  /// What could not be saved: damaged blobs, records and pages.
  public let dropped: [Damage]
}

extension StateStore {
  /// Writes the database of the store in the folder `path` anew, without free pages, and puts it in the old one's place.
  ///
  /// Everything is checked on its way. Nobody may have the store open, in this process or another: a map cannot follow
  /// a file that is replaced. The disk needs room for both. Killed at any instant it leaves the old database or the new
  /// one.
  ///
  /// - Parameters:
  ///   - path: the store's folder.
  ///   - salvaging: leave out what is damaged, instead of throwing when something is.
  ///   - progress: called now and then with the bytes of blobs written, and an estimate of all.
  /// - Throws: `StoreError.inUse`; `.damaged` unless `salvaging`.
  public static func compact(
    at path: FilePath, salvaging: Bool = false, progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws(StoreError) -> CompactionReport {
    try OpenStores.whileClosed(path) { (folder) throws(StoreError) in
      try folder.removeLeftovers()
      do throws(StoreError) {
        let before = try folder.data()
        let verification = try folder.writeAnew(salvaging: salvaging, progress)
        try folder.replaceData()
        let after = try folder.data()
        return CompactionReport(
          byteCountBefore: before?.allocatedByteCount ?? 0, byteCountAfter: after?.allocatedByteCount ?? 0,
          dropped: verification.damage)
      } catch {
        try? folder.removeLeftovers()
        throw error
      }
    }
  }
}

extension StoreFolder {
  /// Writes what is whole of the database into a new one, in the folder for leftovers.
  fileprivate func writeAnew(
    salvaging: Bool, _ progress: ((Int, Int) -> Void)?
  ) throws(StoreError) -> Verification {
    guard let database = try DatabaseFile(folder.openOwn(Self.dataName, .reading)) else {
      throw .notAStore(path: path.description, reason: "`\(Self.dataName)` is not a database")
    }
    let leftovers = try makeLeftoverFolder()
    let environment = try Environment(in: leftovers)
    defer { environment.close() }
    let copier = try DatabaseCopier(into: environment, in: leftovers)
    var verifier = Verifier(database, progress)
    let report = try verifier.run { (table, key, value) throws(StoreError) in try copier.put(value, at: key, in: table)
    }
    if !salvaging, let first = report.damage.first {
      throw .damaged(path: path.description, count: report.damage.count, first: first)
    }
    try copier.finish()
    return report
  }
}

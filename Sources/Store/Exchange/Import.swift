public import FileSystem

/// What an import brought.
public struct ImportReport: Hashable, Codable, Sendable {
  /// The versions that are new in the store, as they are called there.
  public internal(set) var versions: [VersionName] = []
  /// Versions that were there already.
  public internal(set) var presentVersions = 0
  /// Encodings that are new in the store.
  public internal(set) var encodings = 0
  /// Encodings that were there already, and whole.
  public internal(set) var presentEncodings = 0
  /// Bytes of the new encodings' states.
  public internal(set) var byteCount = 0
}

/// An export that was found to be one by its start, to be taken in once.
public final class FoundExport {
  let source: any ImportSource

  /// The export in a file, a pipe or a device, or from standard input (`-`).
  ///
  /// - Throws: `StoreError.notAnExport`, `.otherExportFormat`, or why it cannot be read.
  public init(file path: FilePath) throws(StoreError) {
    if !path.isStandardStream {
      guard let kind = try storing(try FileStatus(of: path))?.kind, kind != .folder else {
        throw .notAnExport(path: path.description)
      }
    }
    source = try ArchiveReader(path)
  }

  /// The export in a folder. The same errors are thrown.
  public init(folder path: FilePath) throws(StoreError) {
    guard try storing(try FileStatus(of: path))?.kind == .folder else { throw .notAnExport(path: path.description) }
    source = try ExportFolderReader(path)
  }
}

extension StateStore {
  /// Takes in the versions of an export.
  ///
  /// Everything is checked before it is kept: against its hash, and against what the store has of the same model. What is
  /// there is never written again. The versions, and the encodings that they need, become visible in one commit at the
  /// end; if something is wrong, none do, and what was brought for them is removed again. A version keeps its number,
  /// unless another one has it, or it is above 2⁵²: then it becomes the newest. Under a limit, the least recently used
  /// encodings make room. One import into a namespace goes on at a time; others wait.
  ///
  /// - Parameters:
  ///   - export: the file or folder.
  ///   - progress: called now and then with the part of the export that was read (0 where its length is not known), and
  ///     the bytes of states in it.
  /// - Throws: `StoreError.damagedExport`; `.unusableBlob` if what the store has of an encoding is damaged; `.storeFull`,
  ///   `.namespaceFull`, `.diskFull`.
  public func importVersions(
    from export: FoundExport, progress: ((_ fraction: Double, _ byteCount: Int) -> Void)? = nil
  ) throws(StoreError) -> ImportReport {
    guard !options.readOnly else { throw .readOnly(path: path.description) }
    let lease = try leaseForWarming()
    defer { withExtendedLifetime(lease) {} }
    return try asImporter { () throws(StoreError) in
      do throws(StoreError) {
        return try Importer(into: self, export.source, progress).run()
      } catch {
        try? removeArrivals()
        throw error
      }
    }
  }
}

/// Where an import comes from.
protocol ImportSource: AnyObject {
  /// The next thing, or `nil` at the end. What belongs to the last one was read.
  func next() throws(StoreError) -> ImportItem?
  /// How much of it was read, from 0 to 1.
  var fraction: Double { get }
}

/// One thing of an export.
enum ImportItem {
  /// An encoding, whose layers come next from the source.
  case states(StatesFile, any ByteSource)
  /// What a document of a library says.
  case text(TextFile)
  /// A version; `label` is what it came in.
  case version(VersionFile, label: String)
}

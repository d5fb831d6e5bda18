/// Why the store could not do what it was asked.
public enum StoreError: Error, Hashable, Sendable {
  // Opening.
  case noStore(path: String)
  case notAFolder(path: String)
  case notAStore(path: String, reason: String)
  case newerFormat(path: String, found: Int, supported: Int)
  case otherOwner(path: String, owner: UInt32, user: UInt32)
  case writableByOthers(path: String, mode: UInt32)
  case noPermission(path: String)
  case readOnly(path: String)
  case unsuitableFileSystem(path: String, type: String, reason: String)
  case truncated(path: String, byteCount: Int, expected: Int)
  case inUse(path: String, process: Int32?)
  /// A process in another container uses the store and has this one's number, by which the database tells them apart.
  case sameProcessNumber(path: String, process: Int32)

  // Limits.
  case tooManyReaders(path: String, slots: Int)
  case storeFull(path: String, limit: Int)
  case namespaceFull(namespace: String, limit: Int)
  case diskFull(path: String)
  /// The process may not write files of that length (`RLIMIT_FSIZE`).
  case fileSizeLimit(path: String)
  /// The process has no address space for the map of the store, of this many bytes.
  case noAddressSpace(path: String, byteCount: Int)
  /// The store has outgrown its map of this many bytes, which is what the process had address space for.
  case addressSpace(path: String, byteCount: Int)
  case blobTooLarge(byteCount: Int, limit: Int)
  /// The name of a schema or a namespace; `name` is its start.
  case nameTooLong(name: String, byteCount: Int, limit: Int)
  case versionTooLarge(schema: String, byteCount: Int, limit: Int)
  /// All numbers that versions can have lie below the newest one's.
  case noNumberLeft(schema: String)

  // Contents.
  case noVersion(VersionName)
  case missingEncodings(schema: String, count: Int)
  /// A document of a library whose text is not there, or not what was written.
  case damagedText(library: String, document: String)
  /// A version whose libraries have documents that the store has not the text of.
  case missingTexts(schema: String, count: Int)
  case unusableBlob(BlobKey, BlobDefect)
  case damagedRecord(table: String, key: String)
  case damaged(path: String, count: Int, first: Damage)
  case damagedTree(path: String, operation: String)

  // Exports.
  case exists(path: String)
  case notAnExport(path: String)
  case otherExportFormat(path: String, found: Int, supported: Int)
  case damagedExport(path: String, reason: String)

  // What the system or the database says, where none of the above fits.
  case system(operation: String, path: String, code: Int32)
  case database(operation: String, path: String, code: Int32)
}

/// What makes a blob unfit to be lent.
public enum BlobDefect: Error, Hashable, Sendable {
  /// Shorter than its header says, or than a header.
  case truncated(byteCount: Int, expected: Int)
  /// It does not begin as a blob does: torn, or something else.
  case notABlob
  /// Of another version of the format.
  case otherFormat(found: Int, supported: Int)
  /// Numbers of another format than asked for; the code as the header has it.
  case otherElement(found: UInt8, expected: UInt8)
  /// Another number of heads, of numbers per head, or of tokens than asked for.
  case otherShape(found: BlobShape, expected: BlobShape)
  /// Header and key disagree: the states of another model, segment or layer.
  case otherKey
  /// The bytes are not those that were written.
  case checksum(found: UInt64, expected: UInt64)
  /// A number, or a scale, is infinite or not a number.
  case notFinite
  /// The encoding has more layers than the model.
  case layerTooMany
}

/// The sides of a blob: of one layer, so without their number.
public struct BlobShape: Hashable, Sendable {
  /// Key-value heads.
  public let heads: Int
  /// Numbers per head.
  public let headDimension: Int
  /// Tokens.
  public let tokens: Int

  /// These sides.
  public init(heads: Int, headDimension: Int, tokens: Int) {
    self.heads = heads
    self.headDimension = headDimension
    self.tokens = tokens
  }
}

extension StoreError {
  /// Whether what is stored is not what was written, so that computing it anew mends it.
  public var isDamage: Bool {
    switch self {
    case .unusableBlob, .damagedRecord: true
    default: false
    }
  }
}

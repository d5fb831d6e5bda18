public import Failure
internal import Glibc

extension StoreError: CategorizedError, CustomStringConvertible {
  /// Whose matter it is.
  public var category: FailureCategory {
    switch self {
    case .noStore, .noVersion, .missingEncodings, .missingTexts: .notFound
    case .notAFolder, .notAStore, .newerFormat, .otherOwner, .writableByOthers, .noPermission, .readOnly,
      .unsuitableFileSystem, .blobTooLarge, .nameTooLong, .versionTooLarge, .exists, .notAnExport, .otherExportFormat:
      .input
    case .inUse, .sameProcessNumber: .busy
    case .tooManyReaders, .storeFull, .namespaceFull, .diskFull, .fileSizeLimit, .noAddressSpace, .addressSpace,
      .noNumberLeft:
      .resources
    case .truncated, .unusableBlob, .damagedRecord, .damaged, .damagedTree, .damagedExport, .damagedText: .damaged
    case .system(_, _, let code): [ENOMEM, EMFILE, ENFILE, ENOLCK].contains(code) ? .resources : .own
    case .database: .own
    }
  }

  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .noStore(let path):
      "there is no store in \(path.quoted(limit: 1000))"
    case .notAFolder(let path):
      "\(path.quoted(limit: 1000)) is not a folder"
    case .notAStore(let path, let reason):
      "\(path.quoted(limit: 1000)) is not a store: \(reason)"
    case .newerFormat(let path, let found, let supported):
      "the store in \(path.quoted(limit: 1000)) has format \(found), this program reads formats up to \(supported)"
    case .otherOwner(let path, let owner, let user):
      "\(path.quoted(limit: 1000)) belongs to user \(owner), and this process runs as user \(user)"
    case .writableByOthers(let path, let mode):
      "\(path.quoted(limit: 1000)) can be written by other users (mode \(String(mode, radix: 8)))"
    case .noPermission(let path):
      "no permission to use \(path.quoted(limit: 1000))"
    case .readOnly(let path):
      "the store in \(path.quoted(limit: 1000)) can only be read"
    case .unsuitableFileSystem(let path, let type, let reason):
      "\(path.quoted(limit: 1000)) lies on a file system (\(type.printable(limit: 60))) that cannot hold a store: \(reason)"
    case .truncated(let path, let byteCount, let expected):
      "\(path.quoted(limit: 1000)) is cut off: it has \(byteCount) bytes of \(expected)"
    case .inUse(let path, let process):
      "the store in \(path.quoted(limit: 1000)) is in use by \(process.map { "process \($0)" } ?? "another process")"
    case .sameProcessNumber(let path, let process):
      "the store in \(path.quoted(limit: 1000)) is in use by a process of another container that has the number \(process) too"
    case .tooManyReaders(let path, let slots):
      "all \(slots) readers of the store in \(path.quoted(limit: 1000)) are taken"
    case .storeFull(let path, let limit):
      "the store in \(path.quoted(limit: 1000)) would grow past its limit of \(limit) bytes"
    case .namespaceFull(let namespace, let limit):
      "namespace \(namespace.quoted()) would grow past its limit of \(limit) bytes"
    case .diskFull(let path):
      "no space is left on the disk that holds \(path.quoted(limit: 1000))"
    case .fileSizeLimit(let path):
      "the store in \(path.quoted(limit: 1000)) would grow past this process's limit of file size"
    case .noAddressSpace(let path, let byteCount):
      "the store in \(path.quoted(limit: 1000)) takes \(byteCount) bytes of address space, which this process does not have"
    case .addressSpace(let path, let byteCount):
      "the store in \(path.quoted(limit: 1000)) has outgrown its map of \(byteCount) bytes of address space"
    case .blobTooLarge(let byteCount, let limit):
      "a layer of one segment takes \(byteCount) bytes, and a blob holds \(limit) at most"
    case .nameTooLong(let name, let byteCount, let limit):
      "the name \(name.quoted()) has \(byteCount) bytes, and \(limit) are the most"
    case .versionTooLarge(let schema, let byteCount, let limit):
      "a version of schema \(schema.quoted()) takes \(byteCount) bytes without its states, and \(limit) are the most"
    case .noNumberLeft(let schema):
      "the newest version of schema \(schema.quoted()) has the highest number that there is"
    case .noVersion(let version):
      "the store has no version \(version.number) of schema \(version.schema.quoted()) for model \(version.model)"
    case .damagedText(let library, let document):
      "the text of module \("\(library)/\(document)".quoted()) is not in the store, or not what was written"
    case .missingTexts(let schema, let count):
      "the store lacks the text of \(count) of the documents that schema \(schema.quoted()) has in libraries"
    case .missingEncodings(let schema, let count):
      "\(count) encodings of schema \(schema.quoted()) are not in the store, or not in all layers"
    case .unusableBlob(let key, let defect):
      "layer \(key.layer) of encoding \(key.encoding) (\(key.element)) cannot be used: \(defect.message)"
    case .damagedRecord(let table, let key):
      "the record of `\(key)` in table `\(table)` is damaged"
    case .damaged(let path, let count, let first):
      "the store in \(path.quoted(limit: 1000)) has \(count) damaged parts, the first one \(first.message)"
    case .damagedTree(let path, let operation):
      "the index of the store in \(path.quoted(limit: 1000)) is damaged (\(operation))"
    case .exists(let path):
      "\(path.quoted(limit: 1000)) exists already"
    case .notAnExport(let path):
      "\(path.quoted(limit: 1000)) is not an export of a store"
    case .otherExportFormat(let path, let found, let supported):
      "the export \(path.quoted(limit: 1000)) has format \(found), this program reads format \(supported)"
    case .damagedExport(let path, let reason):
      "the export \(path.quoted(limit: 1000)) is damaged: \(reason)"
    case .system(let operation, let path, let code):
      "\(operation) failed for \(path.quoted(limit: 1000)): \(errorText(code))"
    case .database(let operation, let path, let code):
      "\(operation) failed for the store in \(path.quoted(limit: 1000)): \(databaseText(code))"
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .noStore: [.warm(schema: nil), .nameOtherFolder]
    case .notAFolder: [.nameOtherFolder]
    case .notAStore: [.other("name a folder that is empty, does not exist yet, or holds a store")]
    case .newerFormat: [.useNewerProgram]
    case .otherOwner: [.runAsOwner, .other("use a store of your own")]
    case .writableByOthers(let path, _): [.restrictPermissions(path: path)]
    case .noPermission:
      [
        .other("whoever uses a store must be able to read its files, and to write to them to change it"),
        .nameOtherFolder,
      ]
    case .readOnly: [.other("make its files writable"), .nameOtherFolder]
    case .unsuitableFileSystem: [.other("name a folder on a local disk")]
    case .truncated: [.other("restore the file from a copy"), .other("remove the folder and warm again")]
    case .inUse: [.other("end that process and try again")]
    case .sameProcessNumber: [.other("start the containers with one space of process numbers"), .endOtherProcesses]
    case .noAddressSpace: [.raiseMemoryLimit]
    case .addressSpace: [.raiseMemoryLimit, .giveStoreLimit]
    case .tooManyReaders: [.endOtherProcesses]
    case .storeFull, .namespaceFull: [.raiseStoreLimit, .collectGarbage]
    case .diskFull: [.freeDiskSpace]
    case .fileSizeLimit: [.other("raise that limit (ulimit -f); what was committed is safe")]
    case .blobTooLarge: [.splitText]
    case .nameTooLong: [.other("choose a shorter name")]
    case .versionTooLarge: [.other("divide the schema into several")]
    case .noNumberLeft: [.other("rename the schema")]
    case .noVersion: [.listVersions]
    case .missingEncodings(let schema, _), .missingTexts(let schema, _): [.warm(schema: schema)]
    case .unusableBlob, .damagedRecord, .damagedText: [.replaceDamaged]
    case .damaged, .damagedTree: [.salvageStore]
    case .exists: [.other("name another file"), .other("remove it first")]
    case .notAnExport: [.other("name a file or a folder that an export wrote")]
    case .otherExportFormat: [.useNewerProgram, .other("export again with this one")]
    case .damagedExport: [.exportAgain]
    case .system, .database: []
    }
  }
}

extension BlobDefect {
  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .truncated(let byteCount, let expected): "it has \(byteCount) bytes of \(expected)"
    case .notABlob: "it does not begin as a blob does"
    case .otherFormat(let found, let supported): "it has format \(found), this program reads \(supported)"
    case .otherElement(let found, let expected): "its numbers have format \(found), not \(expected)"
    case .otherShape(let found, let expected): "it holds \(found), not \(expected)"
    case .otherKey: "it was written for another model, segment or layer"
    case .checksum(let found, let expected):
      "its checksum is \(String(found, radix: 16)), not \(String(expected, radix: 16))"
    case .notFinite: "it holds numbers that are infinite or not numbers"
    case .layerTooMany: "the model does not have that many layers"
    }
  }
}

extension BlobShape: CustomStringConvertible {
  /// Tokens × heads × numbers per head.
  public var description: String { "\(tokens) tokens × \(heads) heads × \(headDimension)" }
}

/// What the system says of an error number.
func errorText(_ code: Int32) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}

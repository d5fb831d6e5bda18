import Glibc

extension StoreError: CustomStringConvertible {
  /// The message, and the help where there is one.
  public var description: String {
    if let help { "\(message); \(help)" } else { message }
  }

  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .noStore(let path):
      "there is no store in `\(path)`"
    case .notAFolder(let path):
      "`\(path)` is not a folder"
    case .notAStore(let path, let reason):
      "`\(path)` is not a store: \(reason)"
    case .newerFormat(let path, let found, let supported):
      "the store in `\(path)` has format \(found), this program reads formats up to \(supported)"
    case .otherOwner(let path, let owner, let user):
      "`\(path)` belongs to user \(owner), and this process runs as user \(user)"
    case .writableByOthers(let path, let mode):
      "`\(path)` can be written by other users (mode \(String(mode, radix: 8)))"
    case .noPermission(let path):
      "no permission to use `\(path)`"
    case .readOnly(let path):
      "the store in `\(path)` can only be read"
    case .unsuitableFileSystem(let path, let type, let reason):
      "`\(path)` lies on a file system (\(type)) that cannot hold a store: \(reason)"
    case .truncated(let path, let byteCount, let expected):
      "`\(path)` is cut off: it has \(byteCount) bytes of \(expected)"
    case .inUse(let path, let process):
      "the store in `\(path)` is in use by \(process.map { "process \($0)" } ?? "another process")"
    case .sameProcessNumber(let path, let process):
      "the store in `\(path)` is in use by a process of another container that has the number \(process) too"
    case .tooManyReaders(let path, let slots):
      "all \(slots) readers of the store in `\(path)` are taken"
    case .storeFull(let path, let limit):
      "the store in `\(path)` would grow past its limit of \(limit) bytes"
    case .namespaceFull(let namespace, let limit):
      "namespace `\(namespace)` would grow past its limit of \(limit) bytes"
    case .diskFull(let path):
      "no space is left on the disk that holds `\(path)`"
    case .addressSpace(let path, let byteCount):
      "the store in `\(path)` needs a larger map than the \(byteCount) bytes of address space that this process can have"
    case .blobTooLarge(let byteCount, let limit):
      "a layer of one segment takes \(byteCount) bytes, and a blob holds \(limit) at most"
    case .noVersion(let version):
      "the store has no version \(version.number) of schema `\(version.schema)` for model \(version.model)"
    case .missingEncodings(let schema, let count):
      "\(count) encodings of schema `\(schema)` are not in the store, or not in all layers"
    case .unusableBlob(let key, let defect):
      "layer \(key.layer) of encoding \(key.encoding) (\(key.element)) cannot be used: \(defect.message)"
    case .damagedRecord(let table, let key):
      "the record of `\(key)` in table `\(table)` is damaged"
    case .damaged(let path, let count, let first):
      "the store in `\(path)` has \(count) damaged parts, the first one \(first.message)"
    case .damagedTree(let path, let operation):
      "the index of the store in `\(path)` is damaged (\(operation))"
    case .exists(let path):
      "`\(path)` exists already"
    case .notAnExport(let path):
      "`\(path)` is not an export of a store"
    case .otherExportFormat(let path, let found, let supported):
      "the export `\(path)` has format \(found), this program reads format \(supported)"
    case .damagedExport(let path, let reason):
      "the export `\(path)` is damaged: \(reason)"
    case .system(let operation, let path, let code):
      "\(operation) failed for `\(path)`: \(errorText(code))"
    case .database(let operation, let path, let code):
      "\(operation) failed for the store in `\(path)`: \(databaseText(code))"
    }
  }

  /// What to do about it, where something can be done.
  public var help: String? {
    switch self {
    case .noStore: "warm a schema to create one, or name another folder"
    case .notAFolder: "name a folder"
    case .notAStore: "name a folder that is empty, does not exist yet, or holds a store"
    case .newerFormat: "use the program that wrote it or a newer one"
    case .otherOwner: "run as the owner, or use a store of your own"
    case .writableByOthers(let path, _): "take the right away: chmod go-w '\(path)'"
    case .noPermission: "who uses a store, to read it too, needs to read and write its files; or name another folder"
    case .readOnly: "open it for writing, or name another folder"
    case .unsuitableFileSystem: "name a folder on a local disk"
    case .truncated: "restore the file from a copy, or remove the folder and warm again"
    case .inUse: "end that process and try again"
    case .sameProcessNumber: "start the containers with one space of process numbers, or end that process"
    case .addressSpace: "raise the process's limit of address space (ulimit -v)"
    case .tooManyReaders: "end some of the processes that use the store"
    case .storeFull: "raise the limit, or free space: pmlc store gc"
    case .namespaceFull: "raise the limit, or free space: pmlc store gc"
    case .diskFull: "free some space; what was committed is safe"
    case .blobTooLarge: "split the text into several modules"
    case .noVersion: "see which there are: pmlc store ls"
    case .missingEncodings: "warm the schema again"
    case .unusableBlob, .damagedRecord: "warm the schema again, which replaces what is damaged"
    case .damaged, .damagedTree: "save what is whole: pmlc store compact --salvage; then warm again"
    case .exists: "name another file, or remove it first"
    case .notAnExport: "name a file or a folder that an export wrote"
    case .otherExportFormat: "use the program that wrote it, or export again with this one"
    case .damagedExport: "copy it again, or export again"
    case .system, .database: nil
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

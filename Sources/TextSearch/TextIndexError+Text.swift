internal import CSQLite
package import Failure
internal import Glibc

extension TextIndexError: CategorizedError, CustomStringConvertible {
  /// Whose matter it is.
  package var category: FailureCategory {
    switch self {
    case .noIndex: .notFound
    case .notAnIndex, .newerFormat, .noPermission, .duplicate: .input
    case .damaged: .damaged
    case .diskFull, .outOfMemory: .resources
    case .system(_, _, let code): [ENOMEM, EMFILE, ENFILE].contains(code) ? .resources : .own
    case .database: .own
    }
  }

  /// What is wrong: one lower-case clause.
  package var message: String {
    switch self {
    case .noIndex(let path):
      "there is no text index at \(path.quoted(limit: 1000))"
    case .notAnIndex(let path):
      "\(path.quoted(limit: 1000)) is not a text index"
    case .newerFormat(let path, let found, let supported):
      "the text index \(path.quoted(limit: 1000)) has format \(found), this program reads formats up to \(supported)"
    case .damaged(let path, let reason):
      "the text index \(path.quoted(limit: 1000)) is damaged: \(reason.printable(limit: 200))"
    case .noPermission(let path):
      "no permission to use the text index \(path.quoted(limit: 1000))"
    case .diskFull(let path):
      "no space is left on the disk for the text index \(path.quoted(limit: 1000))"
    case .outOfMemory(let path):
      "there is not enough memory to use the text index \(path.quoted(limit: 1000))"
    case .duplicate(let library, let name):
      "library \(library.quoted()) has two documents called \(name.quoted())"
    case .system(let operation, let path, let code):
      unsafe "\(operation) failed for \(path.quoted(limit: 1000)): \(String(cString: strerror(code)))"
    case .database(let operation, let path, let code):
      unsafe "\(operation) failed for the text index \(path.quoted(limit: 1000)): \(String(cString: sqlite3_errstr(code)))"
    }
  }

  /// What may be done about it.
  package var remedies: [Remedy] {
    switch self {
    case .noIndex, .notAnIndex, .damaged: [.warm(schema: nil)]
    case .newerFormat: [.useNewerProgram]
    case .noPermission: [.runAsOwner]
    case .diskFull: [.freeDiskSpace]
    case .outOfMemory: [.raiseMemoryLimit]
    case .duplicate, .system, .database: []
    }
  }
}

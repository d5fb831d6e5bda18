/// Why an index could not be read or made.
package enum TextIndexError: Error, Hashable, Sendable {
  /// There is no such file.
  case noIndex(path: String)
  /// The file is something else.
  case notAnIndex(path: String)
  case newerFormat(path: String, found: Int, supported: Int)
  /// What the file holds is not what was written.
  case damaged(path: String, reason: String)
  case noPermission(path: String)
  case diskFull(path: String)
  case outOfMemory(path: String)
  /// Two documents of one library have this name.
  case duplicate(library: String, name: String)
  case system(operation: String, path: String, code: Int32)
  /// What SQLite says, where none of the above fits.
  case database(operation: String, path: String, code: Int32)
}

extension TextIndexError {
  /// Whether a new index made from the documents mends it.
  package var isMendedByMaking: Bool {
    switch self {
    case .noIndex, .notAnIndex, .newerFormat, .damaged: true
    default: false
    }
  }
}

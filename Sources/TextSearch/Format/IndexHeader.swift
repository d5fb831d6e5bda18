internal import FileSystem

/// The first 100 bytes of a database file (SQLite's file format, section 1.3).
struct IndexHeader {
  private static let byteCount = 100
  private static let magic = Array("SQLite format 3\0".utf8)

  /// Checks that the file at `path` is an index of a format that this program reads, and whole.
  static func check(_ path: FilePath) throws(TextIndexError) {
    let name = path.description
    let file = try asIndexError { () throws(SystemFailure) in try OpenFile(path, .reading) }
    let status = try asIndexError { () throws(SystemFailure) in try file.status() }
    guard status.kind == .regular else { throw .notAnIndex(path: name) }
    let bytes = try asIndexError { () throws(SystemFailure) in try file.read(byteCount, at: 0) }
    guard bytes.count == byteCount, bytes.starts(with: magic),
      integer(bytes, at: 68, byteCount: 4) == IndexFormat.applicationID
    else { throw .notAnIndex(path: name) }
    let version = integer(bytes, at: 60, byteCount: 4)
    guard version <= IndexFormat.version else {
      throw .newerFormat(path: name, found: version, supported: IndexFormat.version)
    }
    guard version > 0 else { throw .notAnIndex(path: name) }
    let page = integer(bytes, at: 16, byteCount: 2)
    let expected = integer(bytes, at: 28, byteCount: 4) * (page == 1 ? 65536 : page)
    guard expected == status.byteCount else {
      throw .damaged(path: name, reason: "it has \(status.byteCount) bytes of \(expected)")
    }
  }

  /// Most significant byte first.
  private static func integer(_ bytes: [UInt8], at offset: Int, byteCount: Int) -> Int {
    bytes[offset..<offset + byteCount].reduce(0) { $0 << 8 | Int($1) }
  }
}

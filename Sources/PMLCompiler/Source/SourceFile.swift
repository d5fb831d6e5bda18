/// A document as it was read: its path and its bytes.
public struct SourceFile: Sendable {
  /// Path as the user gave it; diagnostics show it.
  public let path: String
  /// The document. Anything may stand in it.
  public let bytes: [UInt8]
  private let lines: LineTable

  /// A document of these bytes.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    lines = LineTable(bytes)
  }

  /// A document with this text.
  public init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// Reads the document at `path`.
  ///
  /// No more is read than a document may have and one byte, so that the compiler can say that it is too large.
  public static func read(_ path: String) throws(FileError) -> SourceFile {
    let file = try OpenFile(path)
    guard try file.kind() != .folder else { throw .isFolder }
    return SourceFile(path: path, bytes: try file.read(atMost: DocumentLimits.bytes + 1))
  }

  /// The place of a byte.
  func position(of offset: Int) -> SourcePosition { lines.position(of: offset, in: bytes) }

  /// The places of a range of bytes.
  func positions(of range: Range<Int>) -> Range<SourcePosition> {
    position(of: range.lowerBound)..<position(of: range.upperBound)
  }
}

/// What a document may have at most; each limit has a diagnostic of its own.
enum DocumentLimits {
  static let bytes = 64 << 20
  static let depth = 200
  static let attributes = 256
  static let elements = 1_000_000
}

public import FileSystem

/// A document as it was read: its path and its bytes.
public struct SourceFile: Sendable {
  /// The path of what was read from standard input.
  public static let standardInput: FilePath = "<stdin>"

  /// Path as the user gave it; diagnostics show it.
  public let path: FilePath
  /// The bytes of the document; they can be anything.
  public let bytes: [UInt8]
  private let lines: LineTable

  /// A document of these bytes.
  public init(path: FilePath, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    lines = LineTable(bytes)
  }

  /// A document with this text.
  public init(path: FilePath, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// Reads the document at `path`; `-` is standard input, whose document has the path `standardInput`.
  ///
  /// It reads one byte more than a document may have, so that the compiler can say that it is too large.
  public static func read(_ path: FilePath) throws(SourceFileError) -> SourceFile {
    do {
      let bytes = try Input.read(path, atMost: DocumentLimits.bytes + 1)
      return SourceFile(path: path.isStandardStream ? standardInput : path, bytes: bytes)
    } catch {
      throw SourceFileError(file: path, failure: error)
    }
  }

  /// The place of a byte.
  func position(of offset: Int) -> SourcePosition { lines.position(of: offset, in: bytes) }

  /// The places of a range of bytes.
  func positions(of range: Range<Int>) -> Range<SourcePosition> {
    position(of: range.lowerBound)..<position(of: range.upperBound)
  }
}

/// The limits of a document; each has a diagnostic of its own.
enum DocumentLimits {
  static let bytes = 64 << 20
  static let depth = 200
  static let attributes = 256
  static let elements = 1_000_000
}

internal import ContentHash

/// What a document of a library says, as a file of an export. Its name is the digest that listings know it by, which proves
/// the text (`SHA256Digest(ofTexts:)`).
///
///     0   8  magic, `PCDOCTXT`
///     8   4  format, 1
///     12  4  runs, then 4 + text each
struct TextFile: Equatable, Sendable {
  private static let magic = Array("PCDOCTXT".utf8)
  private static let fixedByteCount = 16
  /// Bytes that such a file may have: what a schema's document and a file that it names may hold.
  static let limit = 256 << 20

  let content: SHA256Digest
  let runs: [String]

  /// The file's bytes.
  var bytes: [UInt8] {
    var writer = RecordWriter()
    for byte in Self.magic { writer.append(byte) }
    writer.append(UInt32(ExportFormat.version))
    writer.append(UInt32(clamping: runs.count))
    for run in runs { writer.append(run) }
    return writer.bytes
  }
}

extension TextFile {
  /// The text in `bytes`, which are the file called `content` from `source`.
  init(_ bytes: [UInt8], content: SHA256Digest, from source: some ByteSource) throws(StoreError) {
    guard bytes.count >= Self.fixedByteCount, bytes.starts(with: Self.magic) else {
      throw source.damaged("it is not the text of a document")
    }
    let span = unsafe bytes.span.bytes
    let format = Int(span.integer(at: 8, as: UInt32.self))
    guard format == ExportFormat.version else { throw source.other(format: format) }
    var reader = RecordReader(span.extracting(droppingFirst: 12))
    var runs: [String] = []
    guard let count = reader.count() else { throw source.damaged("the text of a document cannot be read") }
    for _ in 0..<count {
      guard let run = reader.text(atMost: .max) else { throw source.damaged("the text of a document ends too soon") }
      runs.append(run)
    }
    guard reader.isAtEnd, SHA256Digest(ofTexts: runs) == content else {
      throw source.damaged("the text of a document is not what its name stands for")
    }
    self.init(content: content, runs: runs)
  }
}

internal import ContentHash

/// A file that holds one version: its record, and the names of the files with its encodings.
///
///     0   8  magic, `PCVERSIO`
///     8   4  format, 1
///     12  4  bytes of the record
///     16     the record, as the table `versions` has it
///            SHA-256 names of the files of states, 32 each, in the order of the record's encodings
///
/// The file's name is the SHA-256 of its bytes.
struct VersionFile: Equatable {
  private static let magic = Array("PCVERSIO".utf8)
  private static let fixedByteCount = 16
  /// Bytes that such a file may have: names of files take as much as those of encodings in the record.
  static let limit = 2 * VersionRecord.byteCountLimit

  let version: VersionRecord
  /// Names of the files of states.
  let files: [SHA256Digest]

  /// The file's bytes.
  var bytes: [UInt8] {
    var writer = RecordWriter()
    for byte in Self.magic { writer.append(byte) }
    writer.append(UInt32(ExportFormat.version))
    writer.append(version.recordBody)
    for file in files { writer.append(file) }
    return writer.bytes
  }
}

extension VersionFile {
  /// The version in `bytes`, which are the file called `name` from `source`.
  init(_ bytes: [UInt8], name: SHA256Digest, from source: some ByteSource) throws(StoreError) {
    let span = unsafe bytes.span.bytes
    guard SHA256Digest(of: span) == name else { throw source.damaged("it is not what its name stands for") }
    guard bytes.count >= Self.fixedByteCount, bytes.starts(with: Self.magic) else {
      throw source.damaged("it is not the file of a version")
    }
    let format = Int(span.integer(at: 8, as: UInt32.self))
    guard format == ExportFormat.version else { throw source.other(format: format) }
    var reader = RecordReader(span.extracting(droppingFirst: 12))
    guard let record = reader.bytes(atMost: VersionRecord.byteCountLimit),
      let version = VersionRecord(body: unsafe record.span.bytes)
    else {
      throw source.damaged("its record cannot be read")
    }
    var files: [SHA256Digest] = []
    for _ in version.encodings {
      guard let file = reader.digest() else { throw source.damaged("it ends too soon") }
      files.append(file)
    }
    guard reader.isAtEnd else { throw source.damaged("something follows its end") }
    self.version = version
    self.files = files
  }
}

/// The format of exports: folders, archives, and the files in them.
enum ExportFormat {
  /// The version that this program writes and reads.
  static let version = 1
}

internal import ContentHash
internal import Glibc

/// An export in one file: after a head of 16 bytes a zstd frame, which holds the files of an export one by one.
///
///     0   8  magic, `PCARCHIV`
///     8   4  format, 1
///     12  4  zeros
///
/// Each file in the frame: 1 byte (1 states, 2 version), its name (32), for a version its length (8), its bytes. A file
/// of states comes before the versions that need it. A byte 0 ends the list.
enum Archive {
  static let magic = Array("PCARCHIV".utf8)
  static let headByteCount = 16

  enum Kind: UInt8 {
    case end, states, version
  }
}

/// Writes an archive.
final class ArchiveWriter: ExportDestination {
  private let file: FileSink
  private let frame: ZstandardSink
  private var names: [EncodingKey: SHA256Digest] = [:]

  init(_ path: String) throws(StoreError) {
    file = try FileSink(path)
    frame = ZstandardSink(into: file)
    var head = RecordWriter()
    for byte in Archive.magic { head.append(byte) }
    head.append(UInt32(ExportFormat.version))
    head.append(UInt32(0))
    try file.write(head.bytes)
  }

  func name(of key: EncodingKey) -> SHA256Digest? { names[key] }

  func put(_ states: StatesFile, _ blobs: [Blob]) throws(StoreError) {
    try frame.write([Archive.Kind.states.rawValue] + states.name.bytes)
    try frame.write(states, blobs)
    names[states.key] = states.name
  }

  func put(_ version: VersionFile) throws(StoreError) {
    let bytes = version.bytes
    var writer = RecordWriter()
    writer.append(Archive.Kind.version.rawValue)
    writer.append(unsafe SHA256Digest(of: bytes.span.bytes))
    writer.append(UInt64(bytes.count))
    try frame.write(writer.bytes + bytes)
  }

  /// Ends the archive and puts it in its place.
  func finish() throws(StoreError) {
    try frame.write([Archive.Kind.end.rawValue])
    try frame.finish()
    try file.finish()
  }
}

/// Reads an archive.
final class ArchiveReader: ImportSource {
  private let frame: ZstandardSource
  var fraction: Double { frame.fraction }

  init(_ path: String) throws(StoreError) {
    let file = try FileSource(path)
    guard try file.rest() >= Archive.headByteCount else { throw .notAnExport(path: path) }
    let head = try file.read(Archive.headByteCount)
    guard head.starts(with: Archive.magic) else { throw .notAnExport(path: path) }
    let format = unsafe Int(head.span.bytes.integer(at: 8, as: UInt32.self))
    guard format == ExportFormat.version else { throw file.other(format: format) }
    frame = ZstandardSource(file)
  }

  func next() throws(StoreError) -> ImportItem? {
    guard let kind = Archive.Kind(rawValue: try frame.integer(UInt8.self)) else {
      throw frame.damaged("it holds something unknown")
    }
    switch kind {
    case .end:
      return nil
    case .states:
      let name = try frame.digest()
      return .states(try StatesFile(from: frame, name: name), frame)
    case .version:
      let name = try frame.digest()
      let length = try frame.integer(UInt64.self)
      guard length <= VersionFile.limit else { throw frame.damaged("one of its versions is too long") }
      let bytes = try frame.read(Int(length))
      return .version(try VersionFile(bytes, name: name, from: frame))
    }
  }
}

internal import ContentHash
internal import FileSystem

/// An export in one file: after a head of 16 bytes a zstd frame, which holds the files of an export one by one.
///
///     0   8  magic, `PCARCHIV`
///     8   4  format, 1
///     12  4  zeros
///
/// Each file in the frame: 1 byte (1 states, 2 version, 3 text of a document), its name (32), for a version or a text its
/// length (8), its bytes. A file of states or text comes before the versions that need it. A byte 0 ends the list; nothing follows it, nor the frame.
enum Archive {
  static let magic = Array("PCARCHIV".utf8)
  static let headByteCount = 16

  enum Kind: UInt8 {
    case end, states, version, text
  }
}

/// Writes an archive.
final class ArchiveWriter: ExportDestination {
  private let output: OutputSink
  private let frame: ZstandardSink
  private var names: [EncodingKey: SHA256Digest] = [:]
  private var texts: Set<SHA256Digest> = []

  init(_ path: FilePath) throws(StoreError) {
    output = try OutputSink(path)
    frame = ZstandardSink(into: output)
    var head = RecordWriter()
    for byte in Archive.magic { head.append(byte) }
    head.append(UInt32(ExportFormat.version))
    head.append(UInt32(0))
    try output.write(head.bytes)
  }

  func name(of key: EncodingKey) -> SHA256Digest? { names[key] }

  func put(_ states: StatesFile, _ blobs: [Blob]) throws(StoreError) {
    try frame.write([Archive.Kind.states.rawValue] + states.name.bytes)
    try frame.write(states, blobs)
    names[states.key] = states.name
  }

  func hasText(_ content: SHA256Digest) -> Bool { texts.contains(content) }

  func put(_ text: TextFile) throws(StoreError) {
    let bytes = text.bytes
    var writer = RecordWriter()
    writer.append(Archive.Kind.text.rawValue)
    writer.append(text.content)
    writer.append(number: bytes.count)
    try frame.write(writer.bytes + bytes)
    texts.insert(text.content)
  }

  func put(_ version: VersionFile) throws(StoreError) {
    let bytes = version.bytes
    var writer = RecordWriter()
    writer.append(Archive.Kind.version.rawValue)
    writer.append(unsafe SHA256Digest(of: bytes.span.bytes))
    writer.append(number: bytes.count)
    try frame.write(writer.bytes + bytes)
  }

  /// Ends the archive and puts it in its place.
  func finish() throws(StoreError) {
    try frame.write([Archive.Kind.end.rawValue])
    try frame.finish()
    try output.finish()
  }
}

/// Reads an archive.
final class ArchiveReader: ImportSource {
  private let frame: ZstandardSource
  var fraction: Double { frame.fraction }

  /// Opens the archive, and reads its head.
  init(_ path: FilePath) throws(StoreError) {
    let file = try FileSource(named: path)
    var head = [UInt8](repeating: 0, count: Archive.headByteCount)
    var elements = head.mutableSpan
    var span = unsafe elements.mutableBytes
    guard try file.fillPart(&span) == Archive.headByteCount, head.starts(with: Archive.magic) else {
      throw .notAnExport(path: file.label)
    }
    let format = unsafe Int(head.span.bytes.integer(at: 8, as: UInt32.self))
    guard format == ExportFormat.version else { throw file.other(format: format) }
    guard unsafe head.span.bytes.integer(at: 12, as: UInt32.self) == 0 else {
      throw file.damaged("its head is not what was written")
    }
    frame = ZstandardSource(file)
  }

  func next() throws(StoreError) -> ImportItem? {
    guard let kind = Archive.Kind(rawValue: try frame.byte()) else {
      throw frame.damaged("it holds something unknown")
    }
    switch kind {
    case .end:
      try frame.finish()
      return nil
    case .states:
      let name = try frame.digest()
      return .states(try StatesFile(from: frame, name: name), frame)
    case .text:
      let content = try frame.digest()
      guard let length = try frame.number(in: 0...TextFile.limit) else {
        throw frame.damaged("the text of one of its documents is too long")
      }
      return .text(try TextFile(frame.read(length), content: content, from: frame))
    case .version:
      let name = try frame.digest()
      guard let length = try frame.number(in: 0...VersionFile.limit) else {
        throw frame.damaged("one of its versions is too long")
      }
      return .version(try VersionFile(frame.read(length), name: name, from: frame), label: frame.label)
    }
  }
}

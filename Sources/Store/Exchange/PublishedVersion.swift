internal import ContentHash

/// A version as an object of a remote store: all that it needs but its states, in parts.
///
///     0   8  magic, `PCPUBVER`
///     8   4  format, 1
///     12  4  parts
///            of each part: what it is (4), 4 zeros, its bytes (8), the bytes
///            SHA-256 of all before (32)
///
/// Part 1, which comes first and once, is the version's record, as the table `versions` has it; part 2, once for each text
/// of a document of its libraries, is the text's file (`TextFile`), behind the digest that listings know it by (32).
package struct PublishedVersion: Equatable, Sendable {
  private static let magic = Array("PCPUBVER".utf8)
  private static let format = 1
  private static let headByteCount = 16
  /// Bytes that such an object may have.
  package static let limit = 2 * VersionRecord.byteCountLimit

  private enum Part {
    static let record: UInt32 = 1
    static let text: UInt32 = 2
  }

  package let version: VersionRecord
  /// What the documents of its libraries say.
  let texts: [TextFile]

  /// A version whose documents' texts are where it goes.
  package init(_ version: VersionRecord) { self.init(version, texts: []) }

  init(_ version: VersionRecord, texts: [TextFile]) {
    self.version = version
    self.texts = texts
  }

  /// The same under another number.
  package func numbered(_ number: Int) -> PublishedVersion {
    PublishedVersion(version.numbered(number), texts: texts)
  }

  /// The object's bytes.
  package var bytes: [UInt8] {
    var writer = RecordWriter()
    for byte in Self.magic { writer.append(byte) }
    writer.append(UInt32(Self.format))
    let parts = [(Part.record, version.recordBody)] + texts.map { (Part.text, $0.content.bytes + $0.bytes) }
    writer.append(UInt32(clamping: parts.count))
    for (kind, bytes) in parts {
      writer.append(kind)
      writer.append(UInt32(0))
      writer.append(UInt64(bytes.count))
      writer.append(raw: bytes)
    }
    writer.append(unsafe SHA256Digest(of: writer.bytes.span.bytes))
    return writer.bytes
  }

  /// The version in the bytes of an object, which messages call `label`.
  ///
  /// - Throws: `StoreError.damagedExport`, or `.otherExportFormat` for one that a newer program put.
  package init(_ bytes: [UInt8], label: String) throws(StoreError) {
    func damaged(_ reason: String) -> StoreError { .damagedExport(path: label, reason: reason) }
    let span = unsafe bytes.span.bytes
    let end = bytes.count - SHA256Digest.byteCount
    guard end >= Self.headByteCount, bytes.starts(with: Self.magic) else { throw damaged("it is no published version") }
    guard SHA256Digest(of: span.extracting(0..<end)) == SHA256Digest(copying: span, at: end) else {
      throw damaged("it is not what was written")
    }
    let format = Int(span.integer(at: 8, as: UInt32.self))
    guard format == Self.format else {
      throw .otherExportFormat(path: label, found: format, supported: Self.format)
    }
    var offset = Self.headByteCount
    var version: VersionRecord?
    var texts: [TextFile] = []
    for _ in 0..<span.integer(at: 12, as: UInt32.self) {
      guard end - offset >= 16, let count = Int(exactly: span.integer(at: offset + 8, as: UInt64.self)),
        count <= end - offset - 16
      else { throw damaged("it ends too soon") }
      let kind = span.integer(at: offset, as: UInt32.self)
      // A part that is not known may be one that the version cannot do without.
      let part = span.extracting(offset + 16..<offset + 16 + count)
      switch kind {
      case Part.record where version == nil:
        version = VersionRecord(body: part)
        guard version != nil else { throw damaged("its record cannot be read") }
      case Part.text where count >= SHA256Digest.byteCount:
        texts.append(
          try TextFile(
            part.extracting(droppingFirst: SHA256Digest.byteCount).array, content: SHA256Digest(copying: part, at: 0),
            from: NamedSource(label: label)))
      default: throw .otherExportFormat(path: label, found: format + 1, supported: Self.format)
      }
      offset += 16 + count
    }
    guard let version, offset == end else { throw damaged("its parts are not what its head says") }
    self.version = version
    self.texts = texts
  }
}

/// What a message calls bytes that are there already.
private final class NamedSource: ByteSource {
  let label: String

  init(label: String) { self.label = label }

  func fill(_ span: inout MutableRawSpan) throws(StoreError) { throw damaged("it ends too soon") }
}

extension Snapshot {
  /// A version with the texts of its documents, to be published.
  ///
  /// - Throws: `StoreError.missingTexts`.
  package func published(_ version: VersionRecord) throws(StoreError) -> PublishedVersion {
    var texts: [TextFile] = []
    var known: Set<SHA256Digest> = []
    for document in version.libraries.lazy.flatMap(\.documents) where known.insert(document.content).inserted {
      guard let runs = try documentText(document.content) else { throw .missingTexts(schema: version.schema, count: 1) }
      texts.append(TextFile(content: document.content, runs: runs))
    }
    return PublishedVersion(version, texts: texts)
  }
}

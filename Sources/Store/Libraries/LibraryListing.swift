public import ContentHash

/// The documents of one library of a version: what each is called and says, and which encodings hold its states.
///
/// It lies in the version's record, where whatever needs all of them finds it, and once more in rows of a table of its own, by
/// name, so that an answer can look up one of a hundred thousand (`Snapshot.document`).
public struct LibraryListing: Hashable, Codable, Sendable {
  /// One document.
  public struct Document: Hashable, Codable, Sendable {
    /// Its name, unique in the library.
    public let name: String
    /// Digest of its text, by which `Snapshot.documentText` finds it.
    public let content: SHA256Digest
    /// Its encodings, in the order of its text.
    public let segments: [Segment]

    /// A document.
    public init(name: String, content: SHA256Digest, segments: [Segment]) {
      self.name = name
      self.content = content
      self.segments = segments
    }
  }

  /// One encoding of a document.
  public struct Segment: Hashable, Codable, Sendable {
    /// The encoding.
    public let encoding: SHA256Digest
    /// Number of its tokens.
    public let tokens: Int

    /// An encoding.
    public init(encoding: SHA256Digest, tokens: Int) {
      self.encoding = encoding
      self.tokens = tokens
    }
  }

  /// Name of the library.
  public let name: String
  /// Digest of all that the listing says, which names its rows: equal listings have them in common.
  public let identity: SHA256Digest
  /// The documents, in the schema's order.
  public let documents: [Document]

  /// A listing.
  ///
  /// - Parameters:
  ///   - name: name of the library.
  ///   - documents: its documents, in the schema's order; their names are unique.
  public init(name: String, documents: [Document]) {
    self.name = name
    self.documents = documents
    var writer = RecordWriter()
    Self.append(documents, to: &writer)
    let bytes = writer.bytes
    identity = unsafe SHA256Digest(of: bytes.span.bytes)
  }

  /// All encodings, in order.
  var encodings: [SHA256Digest] { documents.flatMap { $0.segments.map(\.encoding) } }
  /// What a person calls each encoding, in the same order.
  var labels: [String] {
    documents.flatMap { document in
      repeatElement(StoredName.clipped("module `\(name)/\(document.name)`"), count: document.segments.count)
    }
  }
}

// MARK: - Bytes

extension LibraryListing {
  /// Appends the listing as it lies in a version's record.
  ///
  ///     4 + name
  ///     4   documents, each:
  ///         4 + name
  ///         32  content
  ///         4   segments, then 32 encoding and 4 tokens each
  func append(to writer: inout RecordWriter) {
    writer.append(name)
    Self.append(documents, to: &writer)
  }

  private static func append(_ documents: [Document], to writer: inout RecordWriter) {
    writer.append(UInt32(clamping: documents.count))
    for document in documents { document.append(to: &writer) }
  }

  /// The listing that `reader` is at; `nil` if there is none.
  init?(_ reader: inout RecordReader) {
    guard let name = reader.text(), let count = reader.count() else { return nil }
    var documents: [Document] = []
    for _ in 0..<count {
      guard let document = Document(&reader) else { return nil }
      documents.append(document)
    }
    self.init(name: name, documents: documents)
  }
}

extension LibraryListing.Document {
  /// Bytes that a name may have; no schema's names are longer than its file.
  static let longestName = 64 << 20

  func append(to writer: inout RecordWriter) {
    writer.append(name)
    writer.append(content)
    writer.append(UInt32(clamping: segments.count))
    for segment in segments {
      writer.append(segment.encoding)
      writer.append(UInt32(clamping: segment.tokens))
    }
  }

  init?(_ reader: inout RecordReader) {
    guard let name = reader.text(atMost: Self.longestName), let content = reader.digest(), let count = reader.count()
    else { return nil }
    var segments: [LibraryListing.Segment] = []
    for _ in 0..<count {
      guard let encoding = reader.digest(), let tokens = reader.count() else { return nil }
      segments.append(LibraryListing.Segment(encoding: encoding, tokens: tokens))
    }
    self.init(name: name, content: content, segments: segments)
  }
}

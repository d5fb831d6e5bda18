public import ContentHash
public import KVCacheFormat

/// One version of a schema, encoded for one model.
public struct VersionRecord: Hashable, Codable, Sendable {
  /// Fingerprint of the model.
  public let model: SHA256Digest
  /// Name of the schema.
  public let schema: String
  /// 1 for the first of this model and schema, then 2, 3 … up to 2⁵³.
  public let number: Int
  /// Hash of the lowered schema.
  public let schemaHash: SHA256Digest
  /// The lowered schema; the store does not read it.
  public let lowered: [UInt8]
  /// Format of the numbers in its blobs.
  public let element: KVElement
  /// When it was recorded: seconds since 1970, UTC.
  public let time: Int
  /// The encodings that it needs, those of libraries aside.
  public let schemaEncodings: [SHA256Digest]
  /// What a person calls each of these, in the same order; or nothing.
  public let schemaLabels: [String]
  /// Its libraries, with their documents.
  public let libraries: [LibraryListing]

  /// All encodings that it needs.
  public var encodings: [SHA256Digest] {
    libraries.isEmpty ? schemaEncodings : schemaEncodings + libraries.flatMap(\.encodings)
  }
  /// What a person calls each encoding, in the same order; or nothing.
  public var labels: [String] {
    guard !libraries.isEmpty else { return schemaLabels }
    let labels = schemaLabels.isEmpty ? Array(repeating: "schema", count: schemaEncodings.count) : schemaLabels
    return labels + libraries.flatMap(\.labels)
  }

  /// Numbers that a version may have.
  static let numbers = 1...StoredNumber.limit
  /// Numbers that an import leaves as they are. Above, too few would be left for versions to come.
  static let importedNumbers = 1...StoredNumber.limit / 2
  /// Bytes that a record's body may have.
  static let byteCountLimit = 64 << 20

  /// A version that has no number yet, recorded now.
  package init(
    model: SHA256Digest, schema: String, schemaHash: SHA256Digest, lowered: [UInt8], element: KVElement,
    encodings: [SHA256Digest], labels: [String], libraries: [LibraryListing]
  ) {
    self.init(
      model: model, schema: schema, number: 1, schemaHash: schemaHash, lowered: lowered, element: element,
      time: secondsSince1970(), schemaEncodings: encodings,
      schemaLabels: labels.count == encodings.count ? labels.map(StoredName.clipped) : [], libraries: libraries)
  }

  init(
    model: SHA256Digest, schema: String, number: Int, schemaHash: SHA256Digest, lowered: [UInt8], element: KVElement,
    time: Int, schemaEncodings: [SHA256Digest], schemaLabels: [String], libraries: [LibraryListing]
  ) {
    self.model = model
    self.schema = schema
    self.number = number
    self.schemaHash = schemaHash
    self.lowered = lowered
    self.element = element
    self.time = time
    self.schemaEncodings = schemaEncodings
    self.schemaLabels = schemaLabels
    self.libraries = libraries
  }

  /// Whether the two differ in nothing but number, time and labels.
  package func hasSameContent(as other: VersionRecord) -> Bool {
    model == other.model && schema == other.schema && schemaHash == other.schemaHash && lowered == other.lowered
      && element == other.element && schemaEncodings == other.schemaEncodings && libraries == other.libraries
  }

  /// The same version under another number.
  package func numbered(_ number: Int) -> VersionRecord {
    VersionRecord(
      model: model, schema: schema, number: number, schemaHash: schemaHash, lowered: lowered, element: element,
      time: time, schemaEncodings: schemaEncodings, schemaLabels: schemaLabels, libraries: libraries)
  }

  /// Which version it is.
  public var name: VersionName { VersionName(model: model, schema: schema, number: number) }
  /// The encodings that it needs, in the same order.
  public var encodingKeys: [EncodingKey] {
    encodings.map { EncodingKey(model: model, element: element, encoding: $0) }
  }
}

/// Which version: of what schema, for what model.
public struct VersionName: Hashable, Codable, Sendable {
  /// Fingerprint of the model.
  public let model: SHA256Digest
  /// Name of the schema.
  public let schema: String
  /// 1 for the first of this model and schema, then 2, 3 …
  public let number: Int

  /// Version `number` of `schema` for `model`.
  public init(model: SHA256Digest, schema: String, number: Int) {
    self.model = model
    self.schema = schema
    self.number = number
  }
}

// MARK: - Bytes

/// The key of a version, of all versions of a schema, or of all schemas of a model: whichever parts are given.
///
///     0   32  namespace
///     32  32  model
///     64  32  SHA-256 of the schema's name
///     96  8   number, most significant byte first
struct VersionKey {
  static let modelByteCount = 64
  static let schemaByteCount = 96

  private(set) var bytes: [UInt8]

  init(_ namespace: Namespace) { bytes = namespace.tag.bytes }

  init(_ namespace: Namespace, model: SHA256Digest) { bytes = namespace.tag.bytes + model.bytes }

  init(_ namespace: Namespace, model: SHA256Digest, schema: String) {
    bytes = namespace.tag.bytes + model.bytes + SHA256Digest(of: schema).bytes
  }

  /// The version's number in the key `bytes`; `nil` if there is none that a version may have.
  static func number(in bytes: RawSpan) -> Int? {
    guard bytes.byteCount == schemaByteCount + 8 else { return nil }
    let number = bytes.integer(at: schemaByteCount, as: UInt64.self).byteSwapped
    return StoredNumber.read(number, in: VersionRecord.numbers)
  }

  init(_ namespace: Namespace, _ version: VersionName) {
    self.init(namespace, model: version.model, schema: version.schema)
    // A name may come from anywhere: one with a number that no version has finds none.
    let number = UInt64(bitPattern: Int64(version.number))
    unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
  }
}

extension VersionRecord {
  /// The body of its record.
  ///
  ///     32  model
  ///     8   number
  ///     8   time
  ///     32  schema hash
  ///     1   element
  ///     4 + schema name, as UTF-8
  ///     4 + lowered schema
  ///     4   encodings, then 32 each
  ///     4   labels, then 4 + text each
  ///     4   libraries, then a listing each (`LibraryListing`); a version without libraries ends before
  var recordBody: [UInt8] {
    var writer = RecordWriter()
    writer.append(model)
    writer.append(number: number)
    writer.append(number: time)
    writer.append(schemaHash)
    writer.append(element.code)
    writer.append(schema)
    writer.append(lowered)
    writer.append(UInt32(clamping: schemaEncodings.count))
    for encoding in schemaEncodings { writer.append(encoding) }
    writer.append(UInt32(clamping: schemaLabels.count))
    for label in schemaLabels { writer.append(label) }
    if !libraries.isEmpty {
      writer.append(UInt32(clamping: libraries.count))
      for library in libraries { library.append(to: &writer) }
    }
    return writer.bytes
  }

  /// The version that the record at `key` of `table` holds.
  init(record: RawSpan, key: RawSpan, in table: Table.Name) throws(StoreError) {
    guard let version = Self(record: record, key: key) else {
      throw .damagedRecord(table: table.rawValue, key: key.hexadecimal)
    }
    self = version
  }

  /// The version that a record holds, or `nil` if it is damaged.
  init?(record: RawSpan, key: RawSpan) {
    guard let body = Record.body(of: record, key: key) else { return nil }
    self.init(body: body)
    guard VersionKey.number(in: key) == number, SHA256Digest(copying: key, at: SHA256Digest.byteCount) == model,
      SHA256Digest(copying: key, at: VersionKey.modelByteCount) == SHA256Digest(of: schema)
    else { return nil }
  }

  /// The version whose `recordBody` is `body`, or `nil` if it is none's.
  init?(body: RawSpan) {
    var reader = RecordReader(body)
    guard let model = reader.digest(), let number = reader.number(in: Self.numbers), let time = reader.number(),
      let hash = reader.digest(), let code = reader.byte(), let element = KVElement(code: code),
      let schema = reader.text(), let lowered = reader.bytes(), let encodingCount = reader.count()
    else { return nil }
    var encodings: [SHA256Digest] = []
    for _ in 0..<encodingCount {
      guard let encoding = reader.digest() else { return nil }
      encodings.append(encoding)
    }
    guard let labelCount = reader.count(), labelCount == 0 || labelCount == encodingCount else { return nil }
    var labels: [String] = []
    for _ in 0..<labelCount {
      guard let label = reader.text() else { return nil }
      labels.append(label)
    }
    var libraries: [LibraryListing] = []
    if !reader.isAtEnd {
      guard let count = reader.count(), count > 0 else { return nil }
      for _ in 0..<count {
        guard let library = LibraryListing(&reader) else { return nil }
        libraries.append(library)
      }
    }
    guard reader.isAtEnd else { return nil }
    self.init(
      model: model, schema: schema, number: number, schemaHash: hash, lowered: lowered, element: element,
      time: time, schemaEncodings: encodings, schemaLabels: labels, libraries: libraries)
  }
}

public import ContentHash

/// The key of a document's row, of a listing's first one, or of all rows of a listing: whichever parts are given.
///
///     0   32  namespace
///     32  32  identity of the listing
///     64      name: its bytes, or if there are more than 255, the first 223 and SHA-256 of all
///
/// A row holds the document's place in the schema's order (4), then the document as a listing has it. The one without a name
/// says how many documents there are (8); it is written last.
struct DocumentKey {
  private static let longestName = 255

  let bytes: [UInt8]

  init(_ namespace: Namespace) { bytes = namespace.tag.bytes }

  init(_ namespace: Namespace, listing: SHA256Digest) { bytes = namespace.tag.bytes + listing.bytes }

  init(_ namespace: Namespace, listing: SHA256Digest, name: String) {
    var text = Array(name.utf8)
    if text.count > Self.longestName {
      text = text.prefix(Self.longestName - SHA256Digest.byteCount) + SHA256Digest(of: name).bytes
    }
    bytes = namespace.tag.bytes + listing.bytes + text
  }
}

/// A document of a library, and its place in the schema's order, from 0.
public struct ListedDocument: Hashable, Sendable {
  /// The document.
  public let document: LibraryListing.Document
  /// Its place.
  public let place: Int

  init?(row value: RawSpan, key: RawSpan) {
    guard let body = Record.body(of: value, key: key) else { return nil }
    var reader = RecordReader(body)
    guard let place = reader.count(), let document = LibraryListing.Document(&reader), reader.isAtEnd else {
      return nil
    }
    self.document = document
    self.place = place
  }
}

extension Snapshot {
  /// A document of a library, found by its name in time that hardly grows with their number.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - listing: identity of the library's listing.
  /// - Returns: `nil` if the listing has no such document.
  /// - Throws: `StoreError.damagedRecord`.
  public func document(_ name: String, of listing: SHA256Digest) throws(StoreError) -> ListedDocument? {
    let key = DocumentKey(store.namespace, listing: listing, name: name).bytes
    return try read { (transaction, tables) throws(StoreError) in
      guard let table = tables.documents else { return nil }
      let key = unsafe key.span.bytes
      guard let value = try transaction.bytes(at: key, in: table) else {
        // A listing without its rows is not one without this document.
        try transaction.checkRows(ofListing: key.extracting(first: 2 * SHA256Digest.byteCount), tables)
        return nil
      }
      guard let row = ListedDocument(row: value, key: key), row.document.name == name else {
        throw .damagedRecord(table: Table.Name.documents.rawValue, key: key.hexadecimal)
      }
      return row
    }
  }

  /// Documents of a library in the order of their names' bytes.
  ///
  /// - Parameters:
  ///   - listing: identity of the library's listing.
  ///   - name: those behind this name alone; from the first on if `nil`.
  ///   - count: as many at most.
  /// - Throws: `StoreError.damagedRecord`.
  public func documents(
    of listing: SHA256Digest, after name: String? = nil, atMost count: Int
  ) throws(StoreError) -> [ListedDocument] {
    let prefix = DocumentKey(store.namespace, listing: listing).bytes
    let start = name.map { DocumentKey(store.namespace, listing: listing, name: $0).bytes }
    return try read { (transaction, tables) throws(StoreError) in
      guard let table = tables.documents, count > 0 else { return [] }
      var found: [ListedDocument] = []
      try unsafe transaction.visit(table, prefix: prefix.span.bytes, from: start) { (key, value) throws(StoreError) in
        guard key.byteCount > prefix.count, start.map({ !(unsafe key.equals($0.span.bytes)) }) ?? true else {
          return .next
        }
        guard let row = ListedDocument(row: value, key: key) else {
          throw .damagedRecord(table: Table.Name.documents.rawValue, key: key.hexadecimal)
        }
        found.append(row)
        return found.count < count ? .next : .stop
      }
      return found
    }
  }
}

extension Transaction {
  /// Throws unless the rows of the listing whose key this is are all there.
  fileprivate func checkRows(ofListing key: RawSpan, _ tables: Tables) throws(StoreError) {
    guard let table = tables.documents, let value = try bytes(at: key, in: table),
      Record.body(of: value, key: key) != nil
    else { throw .damagedRecord(table: Table.Name.documents.rawValue, key: key.hexadecimal) }
  }
}

extension WriteBatch {
  /// Writes the rows of a listing that are not there, or not what was written.
  func putRows(of listing: LibraryListing) throws(StoreError) {
    guard let table = tables.documents else { return }
    let rows = listing.documents.enumerated().map { place, document in
      (
        key: DocumentKey(store.namespace, listing: listing.identity, name: document.name).bytes, place: place,
        document: document
      )
    }
    for (key, place, document) in rows.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      var writer = RecordWriter()
      writer.append(UInt32(clamping: place))
      document.append(to: &writer)
      try put(writer.bytes, at: key, in: table)
    }
    var writer = RecordWriter()
    writer.append(number: listing.documents.count)
    try put(writer.bytes, at: DocumentKey(store.namespace, listing: listing.identity).bytes, in: table)
  }

  /// Puts a record, unless it is there as it is to be.
  func put(_ body: [UInt8], at key: [UInt8], in table: Table) throws(StoreError) {
    let record = unsafe Record.sealed(body, key: key.span.bytes)
    if let found = try unsafe transaction.bytes(at: key.span.bytes, in: table), unsafe found.equals(record.span.bytes) {
      return
    }
    try unsafe transaction.put(record.span.bytes, at: key.span.bytes, in: table)
  }
}

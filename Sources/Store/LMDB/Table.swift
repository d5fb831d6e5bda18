internal import CLMDB
internal import FileSystem

/// A named B-tree of the environment.
struct Table: Sendable {
  /// The tables. What their keys and values are stands in `docs/store-format.md`.
  enum Name: String, CaseIterable, Sendable {
    /// Blobs, by namespace, model, element, encoding, layer.
    case blobs
    /// Documents of libraries, by namespace, listing, name.
    case documents
    /// What answers need of versions with libraries, by namespace, model, schema, number.
    case heads
    /// Small values by name.
    case memos
    /// The namespaces and what they take.
    case namespaces
    /// Versions that stay, by namespace, model, schema, number.
    case pins
    /// What documents of libraries say, by namespace and digest.
    case texts
    /// When an encoding was last used, by namespace, model, element, encoding.
    case uses
    /// Versions, by namespace, model, schema, number.
    case versions

    /// Tables that came with libraries: a store that was written before has none of them until it is opened for writing.
    static let ofLibraries: Set<Name> = [.documents, .heads, .texts]
  }

  let name: Name?
  let handle: MDB_dbi

  /// The list of free pages, which has no name. It can only be read.
  static let free = Table(name: nil, handle: 0)
  /// The list of the named tables, which can only be read too.
  static let main = Table(name: nil, handle: 1)
}

/// All tables, open.
struct Tables: Sendable {
  let blobs: Table
  let documents: Table?
  let heads: Table?
  let memos: Table
  let namespaces: Table
  let pins: Table
  let texts: Table?
  let uses: Table
  let versions: Table

  /// Whether the store has the tables of libraries too.
  var areComplete: Bool { documents != nil && heads != nil && texts != nil }

  /// The tables that a snapshot shows, or `nil` if the store was never completed.
  init?(existingIn snapshot: borrowing Transaction) throws(StoreError) {
    try self.init { (name) throws(StoreError) in try snapshot.table(name, creating: false) }
  }

  /// The tables, made where they are missing.
  init(creatingIn transaction: borrowing Transaction) throws(StoreError) {
    let made = try Self { (name) throws(StoreError) in try transaction.table(name, creating: true) }
    guard let made else {
      throw .notAStore(path: transaction.environment.path.description, reason: "its tables cannot be made")
    }
    self = made
  }

  private init?(_ open: (Table.Name) throws(StoreError) -> Table?) throws(StoreError) {
    guard let blobs = try open(.blobs), let memos = try open(.memos), let namespaces = try open(.namespaces),
      let pins = try open(.pins), let uses = try open(.uses), let versions = try open(.versions)
    else { return nil }
    self.blobs = blobs
    documents = try open(.documents)
    heads = try open(.heads)
    texts = try open(.texts)
    self.memos = memos
    self.namespaces = namespaces
    self.pins = pins
    self.uses = uses
    self.versions = versions
  }

  /// The table called `name`; `nil` for one of libraries that the store lacks.
  subscript(name: Table.Name) -> Table? {
    switch name {
    case .blobs: blobs
    case .documents: documents
    case .heads: heads
    case .texts: texts
    case .memos: memos
    case .namespaces: namespaces
    case .pins: pins
    case .uses: uses
    case .versions: versions
    }
  }
}

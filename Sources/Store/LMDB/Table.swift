internal import CLMDB

/// A named B-tree of the environment.
struct Table: Sendable {
  let name: String
  let handle: MDB_dbi
}

/// All tables. What their keys and values are stands in `docs/store-format.md`.
struct Tables: Sendable {
  /// Blobs, by namespace, model, element, encoding, layer.
  let blobs: Table
  /// When an encoding was last used, by namespace, model, element, encoding.
  let uses: Table
  /// Versions, by namespace, model, schema, number.
  let versions: Table
  /// Small values by name.
  let memos: Table
  /// The namespaces and what they take.
  let namespaces: Table

  /// The tables that a snapshot shows, or `nil` if the store was never completed.
  init?(existingIn snapshot: borrowing Transaction) throws(StoreError) {
    try self.init { (name) throws(StoreError) in try snapshot.table(name, creating: false) }
  }

  /// The tables, made where they are missing.
  init(creatingIn transaction: borrowing Transaction) throws(StoreError) {
    let made = try Self { (name) throws(StoreError) in try transaction.table(name, creating: true) }
    guard let made else { throw .notAStore(path: transaction.environment.path, reason: "its tables cannot be made") }
    self = made
  }

  private init?(_ open: (String) throws(StoreError) -> Table?) throws(StoreError) {
    guard let blobs = try open("blobs"), let uses = try open("uses"), let versions = try open("versions"),
      let memos = try open("memos"), let namespaces = try open("namespaces")
    else { return nil }
    self.blobs = blobs
    self.uses = uses
    self.versions = versions
    self.memos = memos
    self.namespaces = namespaces
  }

  /// Number of tables.
  static let count = 5
}

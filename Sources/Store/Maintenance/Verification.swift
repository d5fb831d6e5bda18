/// What a look at every byte of the store found.
public struct Verification: Codable, Sendable {
  /// Blobs looked at.
  public internal(set) var blobs = 0
  /// Bytes of these.
  public internal(set) var byteCount = 0
  /// Versions and other records looked at.
  public internal(set) var records = 0
  /// All that is not as it was written.
  public internal(set) var damage: [Damage] = []

  /// Whether all is as it was written.
  public var isSound: Bool { damage.isEmpty }
}

extension StateStore {
  /// Looks at every page, record and blob of the store, of all namespaces, with every checksum.
  ///
  /// It reads the file itself, believes nothing that it says, and changes nothing. Others may read and write meanwhile:
  /// it looks at what was committed when it began.
  ///
  /// - Parameter progress: called now and then with the bytes of blobs looked at, and an estimate of all.
  public func verify(progress: ((_ done: Int, _ total: Int) -> Void)? = nil) throws(StoreError) -> Verification {
    try open.folder.withDatabaseFile(of: open.environment) { (database, _) throws(StoreError) in
      var verifier = Verifier(database, progress)
      return try verifier.run()
    }
  }
}

/// How a store is opened.
public struct StoreOptions: Sendable {
  /// Bytes that the store's file may take; `nil` leaves the limit to the disk.
  public var maximumBytes: Int?
  /// Bytes that the blobs of this namespace may take; `nil` sets no limit.
  public var maximumNamespaceBytes: Int?
  /// Open only what is there, and write nothing, times of use aside (`StateStore.recordUsesIfIdle`).
  public var readOnly: Bool
  /// The tenant whose contents this handle sees, and no others.
  public var namespace: String
  /// Check each blob's checksum when the process first lends it.
  public var verifyOnFirstUse: Bool
  /// Called, on the writing thread, when another writer has to be waited for.
  public var onWait: (@Sendable (WriterWait) -> Void)?
  /// Bytes of states that an import commits at a time.
  package var importCommitByteCount = 64 << 20
  /// Address space to ask for, in bytes. A process that has less makes do with less.
  package var addressSpace = Environment.largestMap

  /// Options; what is left out has the usual value.
  public init(
    maximumBytes: Int? = nil, maximumNamespaceBytes: Int? = nil, readOnly: Bool = false,
    namespace: String = "default", verifyOnFirstUse: Bool = true,
    onWait: (@Sendable (WriterWait) -> Void)? = nil
  ) {
    self.maximumBytes = maximumBytes
    self.maximumNamespaceBytes = maximumNamespaceBytes
    self.readOnly = readOnly
    self.namespace = namespace
    self.verifyOnFirstUse = verifyOnFirstUse
    self.onWait = onWait
  }
}

/// Whom a writer waits for.
public struct WriterWait: Hashable, Sendable {
  /// Folder of the store.
  public let path: String
  /// The process that writes, where the system tells; this one, if another of its threads does.
  public let process: Int32?

  /// One lower-case clause that says so.
  public var message: String {
    "waiting for \(process.map { "process \($0)" } ?? "another process") to finish writing to `\(path)`"
  }
}

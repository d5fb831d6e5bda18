public import KVCacheFormat

/// The states of one layer of one encoding, where they lie in the store's map.
///
/// The payload is read only, 64-byte aligned, and stays where it is as long as this object lives: it keeps its
/// snapshot alive. The compiler lets no span of it outlive it.
public final class Blob: Sendable {
  /// Where keys and values lie in the payload.
  public let layout: KVBlobLayout
  private let snapshot: Snapshot
  /// Where in the map the payload lies.
  private let range: MapRange

  init(_ layout: KVBlobLayout, in range: MapRange, of snapshot: Snapshot) {
    self.layout = layout
    self.range = range
    self.snapshot = snapshot
  }

  /// The keys and values, as `layout` says.
  public var payload: RawSpan {
    @_lifetime(borrow self) get { unsafe _overrideLifetime(range.bytes, borrowing: self) }
  }

  /// Asks the system to read the payload from the disk, without waiting for it.
  public func prefetch() { range.prefetch(pageByteCount: snapshot.environment.pageByteCount) }
}

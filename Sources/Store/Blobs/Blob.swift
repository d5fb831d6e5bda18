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

  /// Whether the payload seems to be in memory: its first and its last page are.
  package var isResident: Bool { range.isResident(pageByteCount: snapshot.environment.pageByteCount) }
}

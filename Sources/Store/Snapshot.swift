import Synchronization

/// The store's contents at one instant: all that was committed before, nothing that is committed after.
///
/// It lasts until the last reference to it, or to a `Blob` that it lent, is gone. While it lasts, space that others free
/// is not used again. So hold one for a request, not for a day, and `renew` it now and then if a request takes long.
public final class Snapshot: Sendable {
  private struct State: ~Copyable {
    var transaction: Transaction
    /// What was lent, and where its values lie.
    var lent: [Loan] = []
  }

  /// Layers of an encoding, from one on.
  private struct Loan {
    let first: BlobKeyBytes
    let ranges: [MapRange]
  }

  let store: StateStore
  var environment: Environment { store.open.environment }
  private let state: Mutex<State>

  init(of store: StateStore) throws(StoreError) {
    self.store = store
    state = Mutex(State(transaction: try Transaction(reading: store.open.environment)))
  }

  // Before the store goes, which may close the environment.
  deinit { state.withLock { $0.transaction.end() } }

  /// Number of the last commit that it shows.
  var number: Int { state.withLock { $0.transaction.number } }

  /// Runs `body` in the transaction, which one thread uses at a time.
  func read<R>(
    _ body: (borrowing Transaction, Tables) throws(StoreError) -> sending R
  ) throws(StoreError) -> sending R {
    let tables = store.open.tables
    return try state.withLock { (state) throws(StoreError) in try body(state.transaction, tables) }
  }

  /// Where the blobs of an encoding lie, from the one at `first` on, up to the first that is not there, `count` at
  /// most. They count as lent.
  func lend(_ first: BlobKeyBytes, count: Int) throws(StoreError) -> [MapRange] {
    let tables = store.open.tables
    return try state.withLock { (state) throws(StoreError) in
      let ranges = try state.transaction.ranges(from: first, count: count, tables)
      state.lent.append(Loan(first: first, ranges: ranges))
      return ranges
    }
  }

  /// Asks the system to read an encoding from the disk, without waiting for it, where its first layer is not in memory. Blobs
  /// that are lent are read to see that they are whole: to wait for each page in turn takes many times as long.
  ///
  /// - Parameters:
  ///   - key: the encoding.
  ///   - layers: how many layers it has.
  /// - Returns: whether the first one is there.
  /// - Throws: `StoreError`, where the index is damaged or cannot be read.
  @discardableResult
  public func prefetch(_ key: EncodingKey, layers: Int) throws(StoreError) -> Bool {
    let (tables, pageByteCount) = (store.open.tables, environment.pageByteCount)
    let first = BlobKeyBytes(BlobKey(key, layer: 0), in: store.namespace)
    return try state.withLock { (state) throws(StoreError) in
      guard let range = try state.transaction.ranges(from: first, count: 1, tables).first else { return false }
      if !range.isResident(pageByteCount: pageByteCount) {
        let ranges = try state.transaction.ranges(from: first, count: layers, tables)
        MapRange.prefetch(ranges, pageByteCount: pageByteCount)
      }
      return true
    }
  }

  /// Moves on to the newest commit, so that the space of what went since can be used again.
  ///
  /// It does so only if all blobs that it lent are still there: they stay valid, and where they are. What is read from
  /// it after shows the newest commit.
  ///
  /// - Returns: whether it shows the newest commit now.
  @discardableResult
  public func renew() throws(StoreError) -> Bool {
    let (environment, tables) = (environment, store.open.tables)
    return try state.withLock { (state) throws(StoreError) in
      // While both last, no page of the old one is used again: a value at the same place is the same value.
      let newest = try Transaction(reading: environment)
      guard newest.number != state.transaction.number else { return true }
      for loan in state.lent {
        guard try newest.ranges(from: loan.first, count: loan.ranges.count, tables) == loan.ranges else { return false }
      }
      state.transaction = newest
      return true
    }
  }
}

extension Transaction {
  /// Where the blobs of an encoding lie, from the one at `first` on without a gap, `count` at most.
  fileprivate func ranges(from first: BlobKeyBytes, count: Int, _ tables: Tables) throws(StoreError) -> [MapRange] {
    guard count > 0, try !isArriving(first.encodingSpan, tables) else { return [] }
    if count == 1 { return try range(at: first.span, in: tables.blobs).map { [$0] } ?? [] }
    var ranges: [MapRange] = []
    ranges.reserveCapacity(count)
    var expected = first
    // The layers of an encoding are neighbours: one search, then step by step.
    try visit(tables.blobs, prefix: first.encodingSpan, from: first.span.array) { (key, value) in
      guard key.equals(expected.span) else { return .stop }
      ranges.append(MapRange(of: value))
      expected.advance()
      return ranges.count < count ? .next : .stop
    }
    return ranges
  }
}

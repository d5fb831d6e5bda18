import Synchronization

/// The store's contents at one instant: all that was committed before, nothing that is committed after.
///
/// It lasts until the last reference to it, or to a `Blob` that it lent, is gone. While it lasts, the space of what
/// others replace or remove is not used again. So hold one for a request, not for a day; where a request takes long,
/// `renew` it now and then.
public final class Snapshot: Sendable {
  private struct State: ~Copyable {
    var transaction: Transaction
    /// Where the values lie that were lent.
    var lent: [(key: BlobKeyBytes, range: MapRange)] = []
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

  /// Where the values at `keys` lie, up to the first that is not there. They count as lent.
  func lend(_ keys: some Sequence<BlobKeyBytes>) throws(StoreError) -> [MapRange] {
    let blobs = store.open.tables.blobs
    return try state.withLock { (state) throws(StoreError) in
      var ranges: [MapRange] = []
      for key in keys {
        guard let range = try state.transaction.range(at: key.span, in: blobs) else { break }
        ranges.append(range)
        state.lent.append((key, range))
      }
      return ranges
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
    let (environment, blobs) = (environment, store.open.tables.blobs)
    return try state.withLock { (state) throws(StoreError) in
      // While both last, no page of the old one is used again: a value at the same place is the same value.
      let newest = try Transaction(reading: environment)
      guard newest.number != state.transaction.number else { return true }
      for (key, range) in state.lent {
        guard try newest.range(at: key.span, in: blobs) == range else { return false }
      }
      state.transaction = newest
      return true
    }
  }
}

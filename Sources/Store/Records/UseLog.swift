import Synchronization

/// The encodings that this process lent and whose use is not recorded yet.
final class UseLog: Sendable {
  /// Resolution of recorded times, in seconds. It is coarse so that encodings in constant use cause few writes.
  static let resolution = 3600

  struct Entry: Hashable {
    let namespace: Namespace
    let key: EncodingKey
  }

  private struct State {
    var noted: [Entry: Int] = [:]
    var pending: Set<Entry> = []
  }

  private let state = Mutex(State())

  /// Notes that an encoding is in use at `time`.
  func note(_ key: EncodingKey, in namespace: Namespace, at time: Int) {
    let entry = Entry(namespace: namespace, key: key)
    state.withLock { state in
      if let last = state.noted[entry], time - last < Self.resolution { return }
      state.noted[entry] = time
      state.pending.insert(entry)
    }
  }

  /// Takes what is to be recorded for `namespace`.
  func take(_ namespace: Namespace) -> [EncodingKey] {
    state.withLock { state in
      let taken = state.pending.filter { $0.namespace == namespace }
      state.pending.subtract(taken)
      return taken.map(\.key)
    }
  }

  /// Takes back what could not be recorded.
  func putBack(_ keys: [EncodingKey], _ namespace: Namespace) {
    state.withLock { state in
      for key in keys { state.pending.insert(Entry(namespace: namespace, key: key)) }
    }
  }
}

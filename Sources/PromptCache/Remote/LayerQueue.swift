internal import Dispatch
internal import Store
internal import Synchronization

/// Layers on their way from those who fetch to the one who writes, of bounded size.
final class LayerQueue: Sendable {
  /// What comes of an encoding.
  enum Arrival: Sendable {
    /// The first one came behind a head of so many bytes.
    case layer(ArrivedLayer, headByteCount: Int)
    /// The rest of it does not come.
    case end(EncodingKey)

    var byteCount: Int {
      switch self {
      case .layer(let layer, let head): layer.byteCount + head
      case .end: 0
      }
    }
  }

  private struct State {
    var arrivals: [Arrival] = []
    /// Bytes that came and are not written yet.
    var byteCount = 0
    var fetchers: Int
    var waiting = 0
  }

  /// Bytes that are worth a commit: few enough for the memory that it takes to be used again by the next one.
  private static let commitByteCount = 16 << 20
  /// Bytes that may wait, but for one layer.
  private static let limit = 128 << 20

  private let state: Mutex<State>
  private let hasNews = DispatchSemaphore(value: 0)
  private let hasRoom = DispatchSemaphore(value: 0)

  /// A queue that so many fill.
  init(fetchers: Int) { state = Mutex(State(fetchers: fetchers)) }

  /// Adds what has come, once there is room.
  func put(_ arrival: Arrival) {
    while true {
      let isIn = state.withLock { state in
        guard state.byteCount == 0 || state.byteCount + arrival.byteCount <= Self.limit else {
          state.waiting += 1
          return false
        }
        state.byteCount += arrival.byteCount
        state.arrivals.append(arrival)
        return true
      }
      if isIn { break }
      hasRoom.wait()
    }
    hasNews.signal()
  }

  /// Says that one of those who fill it is done.
  func finish() {
    state.withLock { $0.fetchers -= 1 }
    hasNews.signal()
  }

  /// What has come, about a commit's worth at most; waits for something. `nil` at the end.
  func take() -> [Arrival]? {
    while true {
      let (taken, isOver) = state.withLock { state in
        var count = 0
        var byteCount = 0
        while count < state.arrivals.count, byteCount < Self.commitByteCount {
          byteCount += state.arrivals[count].byteCount
          count += 1
        }
        let taken = Array(state.arrivals.prefix(count))
        state.arrivals.removeFirst(count)
        return (taken, state.fetchers == 0 && state.arrivals.isEmpty)
      }
      if !taken.isEmpty { return taken }
      if isOver { return nil }
      hasNews.wait()
    }
  }

  /// Says that what was taken is written.
  func release(_ arrivals: [Arrival]) {
    let waiting = state.withLock { state in
      state.byteCount -= arrivals.reduce(0) { $0 + $1.byteCount }
      defer { state.waiting = 0 }
      return state.waiting
    }
    for _ in 0..<waiting { hasRoom.signal() }
  }
}

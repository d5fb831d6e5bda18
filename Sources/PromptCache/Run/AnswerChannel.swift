internal import Synchronization

/// What becomes known of one answer, on its way from the scheduler to the one who reads it.
final class AnswerChannel<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    /// Elements that were read.
    var read = 0
    /// Set when nothing more comes.
    var end: Result<Void, PromptCacheError>?
    /// Whether the reader wants no more.
    var isGone = false
    var reader: CheckedContinuation<Void, Never>?

    var unread: Int { elements.count - read }

    mutating func next() -> Element? {
      guard unread > 0 else { return nil }
      let element = elements[read]
      read += 1
      if read == elements.count {
        elements.removeAll(keepingCapacity: true)
        read = 0
      }
      return element
    }
  }

  private let state = Mutex(State())

  /// Whether the reader has gone, or its task was cancelled.
  var isGone: Bool { state.withLock { $0.isGone } }
  /// Elements that wait to be read.
  var unread: Int { state.withLock { $0.unread } }

  func send(_ elements: some Sequence<Element>) {
    change { if $0.end == nil { $0.elements += elements } }
  }

  /// Says that nothing more comes, and why.
  func finish(_ end: Result<Void, PromptCacheError> = .success(())) {
    change { if $0.end == nil { $0.end = end } }
  }

  /// Gives up the answer. Its reader gets `.cancelled`, even if there is more to read.
  func abandon() {
    change {
      if case .success? = $0.end, $0.unread == 0 { return }
      $0.isGone = true
      $0.end = .failure(.cancelled)
      $0.elements = []
      $0.read = 0
    }
  }

  /// The next element, as soon as there is one; `nil` after the last.
  ///
  /// - Throws: why nothing more comes; `.cancelled` if the reading task is cancelled.
  func next(isolation: isolated (any Actor)? = #isolation) async throws(PromptCacheError) -> Element? {
    while true {
      if Task.isCancelled { abandon() }
      let (element, end) = state.withLock { state in
        let element = state.next()
        return (element, element == nil ? state.end : nil)
      }
      if let element { return element }
      if let end {
        try end.get()
        return nil
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isReady = state.withLock { state in
            if state.unread > 0 || state.end != nil { return true }
            state.reader = continuation
            return false
          }
          if isReady { continuation.resume() }
        }
      } onCancel: {
        abandon()
      }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let reader = state.withLock { state in
      body(&state)
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume()
  }
}

/// Lets at most `count` tasks through at a time.
///
/// Tests run side by side, and a process each for hundreds of them at once would only be in each other's way.
actor Slots {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) {
    free = count
  }

  /// Runs `body` when there is room.
  func occupied<R: Sendable>(_ body: @Sendable () async throws -> R) async rethrows -> R {
    await take()
    defer { giveBack() }
    return try await body()
  }

  private func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  private func giveBack() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}

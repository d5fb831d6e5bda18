/// Runs `body` for no longer than `time`; then it is cancelled.
///
/// - Throws: what `body` throws; `error` when the time is over.
func limited<R: Sendable>(
  to time: Duration, or error: APIError, _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
  try await withThrowingTaskGroup(of: R.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: time)
      throw error
    }
    defer { group.cancelAll() }
    guard let result = try await group.next() else { throw error }
    return result
  }
}

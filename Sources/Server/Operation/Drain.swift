internal import Synchronization

/// Whether the server is about to end and takes no more requests.
final class Drain: Sendable {
  private let begun = Atomic<Bool>(false)

  /// What requests get then.
  static let error = APIError.unavailable("the server is about to end", code: "draining", retryAfter: 5)

  var hasBegun: Bool { begun.load(ordering: .relaxed) }

  func begin() { begun.store(true, ordering: .relaxed) }
}

internal import Failure

/// The names that there are, where an unknown one was written.
struct KnownNames: Sendable {
  /// Names that are listed at most.
  private static let mostListed = 8

  /// The one that was probably meant.
  let nearest: String?
  private let first: [String]
  private let count: Int

  init(nearest: String?, among names: some Collection<String>) {
    self.nearest = nearest
    first = Array(names.prefix(Self.mostListed))
    count = names.count
  }

  /// The question whether the nearest one was meant.
  var question: String? { nearest.map { "did you mean \($0.quoted())?" } }

  /// The first of them, and how many more there are; `nil` if there are none.
  var list: String? {
    guard !first.isEmpty else { return nil }
    return first.map { $0.quoted() }.joined(separator: ", ")
      + (count > first.count ? " and \(count - first.count) more" : "")
  }

  /// The nearest one, or where none is near, those that there are.
  ///
  /// - Parameters:
  ///   - subject: what stands in front of the list.
  ///   - none: what to say where there are none.
  func help(_ subject: String = "it has", none: String? = nil) -> String? {
    question ?? list.map { "\(subject) \($0)" } ?? none
  }
}

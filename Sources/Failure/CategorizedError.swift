/// An error with all that a caller needs to react to it and to explain it.
public protocol CategorizedError: Error, Sendable {
  /// Whose matter it is.
  var category: FailureCategory { get }
  /// What is wrong: one lower-case clause, with backquotes around what the user wrote.
  var message: String { get }
  /// What may be done about it, any of these; empty where nothing can be.
  var remedies: [Remedy] { get }
}

extension CategorizedError {
  /// What is wrong, and what to do about it.
  public var description: String {
    remedies.isEmpty ? message : "\(message); \(remedies.map(\.description).joined(separator: ", or "))"
  }
}

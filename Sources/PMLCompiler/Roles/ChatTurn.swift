/// A turn of a conversation that goes on from a prompt.
public struct ChatTurn: Hashable, Sendable {
  /// Whose turn it is.
  public let role: ChatTemplate.Role
  /// What is said, taken as it stands.
  public let text: String
  /// Whether the states of the prompt up to the end of what is said are to be kept in the store.
  public let isKept: Bool

  /// A turn.
  ///
  /// - Parameters:
  ///   - role: whose turn it is.
  ///   - text: what is said.
  ///   - isKept: whether the states up to its end are to be kept.
  public init(role: ChatTemplate.Role, text: String, isKept: Bool = false) {
    self.role = role
    self.text = text
    self.isKept = isKept
  }
}

/// A turn of a conversation that goes on from a prompt.
public struct ChatTurn: Hashable, Sendable {
  /// Whose turn it is.
  public let role: ChatTemplate.Role
  /// What is said, taken as it stands.
  public let text: String

  /// A turn.
  public init(role: ChatTemplate.Role, text: String) {
    self.role = role
    self.text = text
  }
}

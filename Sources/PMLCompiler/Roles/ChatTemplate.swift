/// What a chat template puts before and after each role's text, and before the answer.
public struct ChatTemplate: Hashable, Sendable {
  /// Whose turn it is.
  public enum Role: String, Hashable, Sendable, CaseIterable {
    case system, user, assistant
  }

  /// Text around a role's content; an empty one makes no segment.
  public struct Parts: Hashable, Sendable {
    /// Before the content.
    public let prefix: String
    /// After the content.
    public let suffix: String

    /// Text around a role.
    public init(_ prefix: String, _ suffix: String) {
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  /// Around the system's text.
  public let system: Parts
  /// Around the user's text.
  public let user: Parts
  /// Around the assistant's text.
  public let assistant: Parts
  /// Opens the answer, after a user turn.
  public let header: String
  /// Around the user's text right after a system element, where that differs.
  public let userAfterSystem: Parts?

  /// A template.
  public init(system: Parts, user: Parts, assistant: Parts, header: String, userAfterSystem: Parts? = nil) {
    self.system = system
    self.user = user
    self.assistant = assistant
    self.header = header
    self.userAfterSystem = userAfterSystem
  }

  /// The text around a turn of `role`; a user's turn right after a system element may have another.
  func parts(of role: Role, followsSystem: Bool) -> Parts {
    switch role {
    case .system: system
    case .user: followsSystem ? userAfterSystem ?? user : user
    case .assistant: assistant
    }
  }
}

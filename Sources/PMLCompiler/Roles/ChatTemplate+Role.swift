extension ChatTemplate {
  /// Whose turn it is.
  public enum Role: String, Hashable, Sendable, CaseIterable {
    case system, user, assistant
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

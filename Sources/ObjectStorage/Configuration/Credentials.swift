/// What requests are signed with.
public struct Credentials: Hashable, Sendable {
  /// The public part.
  public let accessKey: String
  let secretKey: Secret
  let sessionToken: Secret?

  /// Keys. A token belongs to those that somebody lent for a while.
  public init(accessKey: String, secretKey: Secret, sessionToken: Secret? = nil) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
  }
}

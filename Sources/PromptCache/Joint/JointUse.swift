/// What an answer does with joint encodings (`JointChain`).
public enum JointUse: String, CaseIterable, Sendable {
  /// Computes and keeps those that are missing, and takes all.
  case make
  /// Takes those that are there, from the front of the prompt on.
  case use
  /// Takes none.
  case off
}

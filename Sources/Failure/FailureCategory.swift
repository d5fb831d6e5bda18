/// Whose matter a failure is, so that a caller can choose how to react.
public enum FailureCategory: String, CaseIterable, Sendable {
  /// What the caller gave is not what it should be: a document, a number, a model, a folder.
  case input
  /// Something that was named is not there.
  case notFound
  /// Another process or request is in the way: the same call may succeed later.
  case busy
  /// Memory, disk space or a limit does not suffice.
  case resources
  /// What is stored is not what was written.
  case damaged
  /// The caller gave up.
  case cancelled
  /// None of the above: the system refused, or this program is at fault.
  case own
}

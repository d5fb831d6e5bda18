public import ObjectStorage

/// What goes wrong with a remote store while answers go on without it.
public enum RemoteWarning: Sendable {
  /// It cannot be used, and is not asked until it can.
  case outage(ObjectStorageError)
  /// It can be used again.
  case over(location: String)
  /// An object that a version names is not there; what it would hold is computed.
  case missing(object: String)
  /// An object is not what it should be; what it would hold is computed.
  case unusable(object: String, problem: String)
  /// Something else that it did not do.
  case refused(ObjectStorageError)
  /// A version is in the local store alone.
  case notPublished(schema: String, problem: String)
  /// Joint encodings are in the local store alone.
  case notShared(problem: String)
  /// What was fetched cannot be kept.
  case notKept(problem: String)

  /// What of two warnings makes one of them enough.
  var kind: String {
    switch self {
    case .outage: "outage"
    case .over: "over"
    case .missing(let object): "missing \(object)"
    case .unusable(let object, _): "unusable \(object)"
    case .refused(.denied(let operation, _, _)): "denied \(operation)"
    case .refused(let error): error.message
    case .notPublished(let schema, _): "not published \(schema)"
    case .notShared: "not shared"
    case .notKept: "not kept"
    }
  }

  /// One lower-case clause that says it.
  public var message: String {
    switch self {
    case .outage(let error): "the remote store is not used: \(error.message)"
    case .over(let location): "the remote store \(location) is used again"
    case .missing(let object): "object \(object.quoted(limit: 300)) is not in the remote store: it is computed"
    case .unusable(let object, let problem):
      "object \(object.quoted(limit: 300)) of the remote store is not used: \(problem)"
    case .refused(let error): error.message
    case .notPublished(let schema, let problem):
      "the version of schema \(schema.quoted()) is in the local store alone: \(problem)"
    case .notShared(let problem): "joint encodings are in the local store alone: \(problem)"
    case .notKept(let problem): "what was fetched from the remote store is not kept: \(problem)"
    }
  }
}

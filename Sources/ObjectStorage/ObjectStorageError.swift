public import Failure

/// Why an object store could not do what it was asked.
public enum ObjectStorageError: Error, Hashable, Sendable {
  /// Text that names no bucket.
  case badLocation(String)
  /// What the environment or the user's files say makes no sense.
  case badConfiguration(String)
  /// Nothing says with which keys to sign.
  case noCredentials
  /// There was no answer: no connection, or none that lasted.
  case unreachable(endpoint: String, problem: String)
  /// The server is there and cannot answer now, by its status.
  case unavailable(endpoint: String, status: Int, code: String)
  /// The keys are wrong, or do not allow it.
  case denied(operation: String, key: String, code: String)
  case noBucket(String)
  /// The bucket is in another region than the one that was signed for.
  case otherRegion(bucket: String, region: String)
  /// The object changed while it was read.
  case changed(key: String)
  /// Larger than one request may put.
  case tooLarge(key: String, byteCount: Int, limit: Int)
  /// Any other refusal.
  case refused(operation: String, key: String, status: Int, code: String)
  /// An answer that is not what the interface says.
  case badAnswer(operation: String, key: String, problem: String)
  /// libcurl could not be set up.
  case noClient
}

extension ObjectStorageError {
  /// Whether the store itself is not to be had at the moment, whatever it is asked for.
  public var isOutage: Bool {
    switch self {
    case .unreachable, .unavailable: true
    default: false
    }
  }

  /// Whether it would not do anything else that it is asked for either, until somebody changes something.
  public var concernsWholeStore: Bool {
    switch self {
    case .badLocation, .badConfiguration, .noCredentials, .noBucket, .otherRegion, .noClient: true
    default: isOutage
    }
  }
}

extension ObjectStorageError: CategorizedError, CustomStringConvertible {
  /// Whose matter it is.
  public var category: FailureCategory {
    switch self {
    case .badLocation, .badConfiguration, .noCredentials, .otherRegion: .input
    case .noBucket: .notFound
    case .unreachable, .unavailable, .changed: .busy
    case .tooLarge, .noClient: .resources
    case .badAnswer: .damaged
    case .denied, .refused: .own
    }
  }

  /// What is wrong: one lower-case clause. No key, and nothing that a server says but its codes, is part of it.
  public var message: String {
    switch self {
    case .badLocation(let text): "\(text.quoted(limit: 200)) names no object store"
    case .badConfiguration(let problem): problem
    case .noCredentials: "there are no keys to sign requests to the object store with"
    case .unreachable(let endpoint, let problem):
      "the object store at \(endpoint.quoted(limit: 200)) cannot be reached: \(problem)"
    case .unavailable(let endpoint, let status, let code):
      "the object store at \(endpoint.quoted(limit: 200)) does not answer now (\(shown(status, code)))"
    case .denied(let operation, let key, let code):
      "the object store does not allow to \(operation) \(key.quoted(limit: 300)) (\(code.printable(limit: 60)))"
    case .noBucket(let bucket): "there is no bucket \(bucket.quoted())"
    case .otherRegion(let bucket, let region):
      "bucket \(bucket.quoted()) is in another region" + (region.isEmpty ? "" : ", \(region.quoted())")
    case .changed(let key): "object \(key.quoted(limit: 300)) changed while it was read"
    case .tooLarge(let key, let byteCount, let limit):
      "object \(key.quoted(limit: 300)) would have \(byteCount) bytes, and \(limit) are the most"
    case .refused(let operation, let key, let status, let code):
      "the object store refuses to \(operation) \(key.quoted(limit: 300)) (\(shown(status, code)))"
    case .badAnswer(let operation, let key, let problem):
      "the answer to \(operation) \(key.quoted(limit: 300)) makes no sense: \(problem)"
    case .noClient: "the HTTP client cannot be set up"
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .badLocation: [.other("name it as `s3://BUCKET` or `s3://BUCKET/PREFIX`")]
    case .badConfiguration: [.other("see the AWS command line's `configure list`")]
    case .noCredentials:
      [
        .other("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        .other("name a profile of ~/.aws/credentials with AWS_PROFILE"),
      ]
    case .unreachable: [.other("see whether AWS_ENDPOINT_URL and the network are right"), .tryAgain]
    case .unavailable, .changed: [.tryAgain]
    case .denied: [.other("see whether the keys are right, and what their policy allows")]
    case .noBucket: [.other("make it"), .other("name another one")]
    case .otherRegion: [.other("set AWS_REGION")]
    case .tooLarge: [.splitText]
    case .refused, .badAnswer, .noClient: []
    }
  }

  private func shown(_ status: Int, _ code: String) -> String {
    code.isEmpty ? "status \(status)" : "status \(status), \(code.printable(limit: 60))"
  }
}

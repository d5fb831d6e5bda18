internal import HTTPTypes
internal import JSONText
internal import PromptCache

/// Why a request cannot be answered, as OpenAI's API says it.
struct APIError: Error {
  /// Whose matter it is.
  enum Kind: String {
    /// The request is not what it should be.
    case invalidRequest = "invalid_request_error"
    /// It names no key, or a wrong one.
    case authentication = "authentication_error"
    /// There are too many requests at the moment.
    case rateLimit = "rate_limit_error"
    /// The server cannot do it, though nothing is wrong with the request.
    case server = "server_error"
  }

  let status: HTTPResponse.Status
  let kind: Kind
  let message: String
  /// The field that is wrong.
  var parameter: String?
  /// What is wrong, for programs.
  var code: String?
  /// After how many seconds the same request may do.
  var retryAfter: Int?
  /// What was found in a PML document, as `check --format json` says it.
  var diagnostics: JSONValue?
  /// What is in the log, and not in the answer.
  var detail: String?
  /// What the same resource does take, for a method that it does not.
  var allowed: [HTTPRequest.Method] = []

  /// The object that a client gets.
  var json: JSONValue {
    var error: [String: JSONValue] = [
      "message": .string(message), "type": .string(kind.rawValue),
      "param": parameter.map { .string($0) } ?? .null, "code": code.map { .string($0) } ?? .null,
    ]
    if let diagnostics { error["diagnostics"] = diagnostics }
    return ["error": .object(error)]
  }
}

extension APIError {
  /// A request with something wrong in it.
  static func invalid(_ message: String, parameter: String? = nil, code: String? = nil) -> Self {
    APIError(status: .badRequest, kind: .invalidRequest, message: message, parameter: parameter, code: code)
  }

  /// Something that is named and not there.
  static func notFound(_ message: String, parameter: String? = nil, code: String) -> Self {
    APIError(status: .notFound, kind: .invalidRequest, message: message, parameter: parameter, code: code)
  }

  /// A model that is not served.
  static func noModel(_ id: String, served: [String]) -> Self {
    .notFound(
      "the model \(id.quoted()) is not served here; served \(served.count == 1 ? "is" : "are") "
        + served.map { $0.quoted() }.joined(separator: ", "),
      parameter: "model", code: "model_not_found")
  }

  /// A schema of which the store has no version for this model.
  static func noSchema(_ name: String) -> Self {
    .notFound(
      "the store has no version of schema \(name.quoted()) for this model; send it to /v1/schemas, or warm it with pmlc",
      code: "schema_not_found")
  }

  /// Models are being loaded, or the server is about to end.
  static func unavailable(_ message: String, code: String, retryAfter: Int) -> Self {
    APIError(status: .serviceUnavailable, kind: .server, message: message, code: code, retryAfter: retryAfter)
  }

  /// The model is not ready yet.
  static let loading = unavailable("the model is being loaded", code: "loading", retryAfter: 1)

  /// It took longer than the server lets it.
  static func timedOut(_ message: String) -> Self {
    APIError(status: .requestTimeout, kind: .invalidRequest, message: message, code: "timeout")
  }

  /// Something that only the log tells more of.
  static func own(_ detail: String) -> Self {
    APIError(
      status: .internalServerError, kind: .server, message: "the server could not do this; its log says more",
      code: "internal_error", detail: detail)
  }

  /// A PML document with errors.
  static func document(_ diagnostics: [Diagnostic]) -> Self {
    let errors = diagnostics.filter { $0.severity == .error }
    let first = errors.first.map { "\($0.code.rawValue): \($0.message)" } ?? "it has errors"
    var error = APIError.invalid(
      errors.count > 1 ? "\(first), and \(errors.count - 1) more" : first, parameter: "pml", code: "pml_error")
    // It is this program's own JSON.
    error.diagnostics = try? JSONValue(parsing: Array(JSONRenderer.render(diagnostics).utf8))
    return error
  }

  /// What the prompt cache could not do.
  init(_ error: PromptCacheError) {
    switch error {
    case .invalidDocument(_, let diagnostics): self = .document(diagnostics)
    case .tooManyAnswers(let waiting):
      self.init(
        status: .tooManyRequests, kind: .rateLimit, message: "\(waiting) answers are waiting, and no more may",
        code: "queue_full", retryAfter: 1)
    case .waitedTooLong:
      self.init(
        status: .tooManyRequests, kind: .rateLimit, message: error.message, code: "queue_timeout", retryAfter: 5)
    case .notWarmed(let schema, _, _, _), .statesMissing(let schema): self = .noSchema(schema)
    case .promptTooLong: self = .invalid(error.message, code: "context_length_exceeded")
    case .answerTooLarge:
      self = .invalid("\(error.message); ask for fewer tokens", parameter: "max_tokens", code: "answer_too_large")
    default: self.init(kind: error.category, error)
    }
  }

  private init(kind: FailureCategory, _ error: PromptCacheError) {
    switch kind {
    case .input: self = .invalid(error.message)
    case .notFound: self = .notFound(error.message, code: "not_found")
    case .busy: self = .unavailable(error.message, code: "busy", retryAfter: 1)
    case .resources:
      self = .unavailable(
        "the server has too little memory or disk space for this; its log says more", code: "resources", retryAfter: 10)
      detail = error.description
    case .cancelled: self = .unavailable("the answer was stopped", code: "cancelled", retryAfter: 1)
    case .damaged, .own: self = .own(error.description)
    }
  }
}

/// A request, signed.
struct HTTPRequest {
  let method: String
  /// The whole URL, percent-encoded.
  let url: String
  let headers: [(name: String, value: String)]
  /// What is sent; `nil` for a request without a body.
  var body: ObjectBody?
}

/// The head of an answer.
struct HTTPResponse {
  let status: Int
  /// By their names in lower case.
  let headers: [String: String]

  /// Bytes of the body, where the head says so.
  var byteCount: Int? { headers["content-length"].flatMap { Int($0) } }
  /// The server's time, seconds since 1970.
  var date: Int? { headers["date"].flatMap { Timestamp.seconds(header: $0) } }
}

/// Why a transfer did not come to its end.
enum TransferFailure: Error {
  /// No connection could be made.
  case noConnection(String)
  /// The connection was lost, or nothing came or went for too long.
  case broken(String)
  /// The server's certificate is not to be trusted, or the address makes no sense: trying again does not help.
  case hopeless(String)
  case noClient

  var problem: String {
    switch self {
    case .noConnection(let problem), .broken(let problem), .hopeless(let problem): problem
    case .noClient: "no client"
    }
  }
}

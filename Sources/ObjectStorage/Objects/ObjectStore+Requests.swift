internal import ContentHash
internal import Glibc
internal import Synchronization

/// What is asked of the store.
struct Operation {
  let method: String
  /// What it does, for messages.
  let name: String
  /// The object's name, without the location's prefix; `nil` for the bucket.
  var object: String?
  var query: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []
  var body: ObjectBody?
}

/// An answer, and what its body comes through.
struct Exchange {
  let response: HTTPResponse
  let transfer: Transfer
}

extension ObjectStore {
  /// What came of one attempt.
  private enum Outcome {
    case answer(Exchange)
    /// The request was signed for another time than the server's, which is known by now.
    case wrongTime(ObjectStorageError)
    /// Trying again may help.
    case passing(ObjectStorageError)
    /// It does not.
    case lasting(ObjectStorageError)
  }

  /// Has `operation` answered, again and again while that may help.
  ///
  /// - Returns: an answer whose status is below 300, or 304, 404, 412, 416; 404 only for an object.
  func perform(_ operation: Operation) throws(ObjectStorageError) -> Exchange {
    let start = ContinuousClock.now
    var pause = options.firstPause
    var attempt = 1
    var hasCorrectedTime = false
    while true {
      switch try attemptOnce(operation) {
      case .answer(let exchange): return exchange
      case .lasting(let error): throw error
      case .wrongTime(let error):
        guard !hasCorrectedTime else { throw error }
        hasCorrectedTime = true
      case .passing(let error):
        guard attempt < options.attempts else { throw error }
        // A server that let one attempt wait in vain would let the next one, too.
        if case .unreachable = error, ContinuousClock.now - start >= options.connectTime { throw error }
        // Those who failed together shall not come back together.
        usleep(UInt32(Double.random(in: 0.3...1) * pause.seconds * 1e6))
        pause = min(pause * 2, .seconds(5))
      }
      attempt += 1
    }
  }

  /// The bytes of an answer's body, which ends the exchange.
  func body(of exchange: Exchange, _ operation: Operation, atMost limit: Int) throws(ObjectStorageError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      var part = [UInt8](repeating: 0, count: min(1 << 16, limit - bytes.count + 1))
      var elements = part.mutableSpan
      var span = unsafe elements.mutableBytes
      let count: Int
      do throws(TransferFailure) {
        count = try exchange.transfer.read(into: &span)
      } catch {
        throw unreachable(error)
      }
      bytes += part[..<count]
      guard bytes.count <= limit else {
        throw .badAnswer(operation: operation.name, key: operation.object ?? "", problem: "it is too long")
      }
      if count < part.count { break }
    }
    end(exchange)
    return bytes
  }

  /// Gives back what an exchange used, if all of the answer was read.
  func end(_ exchange: Exchange) {
    if let lane = exchange.transfer.leave() { lanes.giveBack(lane) }
  }

  /// How long the object is that an answer is about.
  ///
  /// - Throws: `ObjectStorageError.badAnswer` where it does not say: an object without bytes would look like that.
  func byteCount(_ response: HTTPResponse, of name: String) throws(ObjectStorageError) -> Int {
    guard let count = response.byteCount else {
      throw .badAnswer(operation: "read", key: name, problem: "it does not say how long it is")
    }
    return count
  }

  func unreachable(_ failure: TransferFailure) -> ObjectStorageError {
    if case .noClient = failure { return .noClient }
    return .unreachable(endpoint: endpoint.description, problem: failure.problem)
  }

  private func attemptOnce(_ operation: Operation) throws(ObjectStorageError) -> Outcome {
    let exchange: Exchange
    do throws(TransferFailure) {
      exchange = try send(operation, on: lanes.take())
    } catch {
      switch error {
      case .noClient, .hopeless: return .lasting(unreachable(error))
      case .noConnection, .broken: return .passing(unreachable(error))
      }
    }
    if let date = exchange.response.date { clockOffset.withLock { $0 = date - Int(time(nil)) } }
    let status = exchange.response.status
    let isMissing = status == 404 && operation.object != nil
    if status < 300 || isMissing || [304, 412, 416].contains(status) { return .answer(exchange) }
    // Without one, for want of an answer in the form that S3 gives.
    let text = (try? body(of: exchange, operation, atMost: 1 << 16)) ?? []
    let code = MarkupReader(text).first("Code") ?? ""
    let error = refusal(operation, exchange.response, code)
    if code == "RequestTimeTooSkewed" { return .wrongTime(error) }
    let isPassing = [429, 500, 502, 503, 504].contains(status) || code == "RequestTimeout"
    return isPassing ? .passing(error) : .lasting(error)
  }

  private func send(_ operation: Operation, on lane: Lane) throws(TransferFailure) -> Exchange {
    let path =
      endpoint.path + "/" + (operation.object.map { (location.prefix + $0).percentEncoded(slashes: false) } ?? "")
    let query = SignableRequest.query(operation.query)
    var request = SignableRequest(
      method: operation.method, host: endpoint.host, path: path, query: query, headers: operation.headers)
    if let body = operation.body {
      // Over TLS nobody can change it on its way, and it need not be read twice.
      request.bodyHash = endpoint.isEncrypted ? RequestSigner.unsignedBody : body.hash.hexadecimal
    }
    let signer = RequestSigner(credentials: configuration.credentials, region: configuration.region)
    let transfer = try Transfer(
      HTTPRequest(
        method: operation.method, url: "\(endpoint.description)\(path)\(query.isEmpty ? "" : "?\(query)")",
        headers: signer.headers(of: request, at: serverTime), body: operation.body),
      on: lane, connectTime: options.connectTime, stallTime: options.stallTime,
      certificates: configuration.certificates,
      // What an encrypted request goes through is not for these.
      proxy: endpoint.isEncrypted ? nil : configuration.proxy)
    return Exchange(response: try transfer.response(), transfer: transfer)
  }

  private func refusal(_ operation: Operation, _ response: HTTPResponse, _ code: String) -> ObjectStorageError {
    let name = operation.object ?? ""
    switch (response.status, code) {
    case (404, _): return .noBucket(location.bucket)
    case (301, _), (307, _), (_, "AuthorizationHeaderMalformed"):
      return .otherRegion(bucket: location.bucket, region: response.headers["x-amz-bucket-region"] ?? "")
    case (401, _), (403, _):
      return .denied(operation: operation.name, key: name, code: code.isEmpty ? "status \(response.status)" : code)
    // It is there, and does not do this.
    case (501, _): return .refused(operation: operation.name, key: name, status: response.status, code: code)
    case (429, _), (500..., _):
      return .unavailable(endpoint: endpoint.description, status: response.status, code: code)
    default: return .refused(operation: operation.name, key: name, status: response.status, code: code)
    }
  }
}

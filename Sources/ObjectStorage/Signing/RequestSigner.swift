internal import ContentHash

/// Signs requests to S3 with AWS's Signature Version 4.
///
/// Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon S3 API Reference.
struct RequestSigner {
  let credentials: Credentials
  let region: String

  /// What stands for the hash of a body that is not part of the signature.
  static let unsignedBody = "UNSIGNED-PAYLOAD"

  /// The headers that `request` goes with, its own among them, in the order in which they are signed.
  ///
  /// - Parameter time: the server's time, seconds since 1970.
  func headers(of request: SignableRequest, at time: Int) -> [(name: String, value: String)] {
    let stamp = Timestamp(time)
    var headers = request.headers.map { (name: $0.name.lowercased(), value: $0.value) }
    headers.append(("host", request.host))
    headers.append(("x-amz-content-sha256", request.bodyHash))
    headers.append(("x-amz-date", stamp.time))
    if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token.text)) }
    headers.sort { $0.name < $1.name }
    let names = headers.map(\.name).joined(separator: ";")
    let canonical = [
      request.method, request.path, request.query,
      headers.map { "\($0.name):\($0.value.trimmed)\n" }.joined(), names, request.bodyHash,
    ].joined(separator: "\n")
    let scope = "\(stamp.day)/\(region)/s3/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(stamp.time)\n\(scope)\n\(SHA256Digest(of: canonical).hexadecimal)"
    let signature = HMACSHA256.code(of: Array(text.utf8), key: key(for: stamp.day)).hexadecimal
    headers.append(
      (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
      ))
    return headers
  }

  private func key(for day: String) -> [UInt8] {
    let secret = Array("AWS4\(credentials.secretKey.text)".utf8)
    return [day, region, "s3", "aws4_request"].reduce(secret) { HMACSHA256.code(of: Array($1.utf8), key: $0).bytes }
  }
}

/// What a signature is made of.
struct SignableRequest {
  let method: String
  let host: String
  /// Percent-encoded, as it is sent.
  let path: String
  /// Percent-encoded pairs in the order of their names, as they are sent.
  let query: String
  /// Those that are not the signer's own.
  var headers: [(name: String, value: String)] = []
  /// SHA-256 of the body in hexadecimal digits, or `RequestSigner.unsignedBody`.
  var bodyHash = SHA256Digest(of: "").hexadecimal

  /// A query of these pairs.
  static func query(_ items: [(name: String, value: String)]) -> String {
    items.map { ($0.name.percentEncoded(slashes: true), $0.value.percentEncoded(slashes: true)) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }
}

extension String {
  /// Without spaces at its ends, and with one in the place of several.
  fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}

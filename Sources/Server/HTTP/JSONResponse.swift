internal import HTTPTypes
internal import Hummingbird
internal import JSONText
internal import NIOCore

extension Response {
  /// A response with a JSON value.
  init(_ json: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
    self.init(bytes: json.canonicalBytes, type: "application/json", status: status, headers: headers)
  }

  /// A response of bytes.
  init(bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
    var headers = headers
    headers[.contentType] = type
    headers[.contentLength] = String(bytes.count)
    self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// What a client gets in place of an answer.
  init(_ error: APIError) {
    var headers: HTTPFields = [:]
    if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
    if error.status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    if !error.allowed.isEmpty { headers[.allow] = error.allowed.map(\.rawValue).joined(separator: ", ") }
    self.init(error.json, status: error.status, headers: headers)
  }
}

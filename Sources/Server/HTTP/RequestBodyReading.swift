internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Request {
  /// The whole body.
  ///
  /// - Parameters:
  ///   - limit: bytes that it may have.
  ///   - time: how long it may take to come.
  /// - Throws: `APIError` for a body that is too large, or too slow.
  func bytes(atMost limit: Int, within time: Duration) async throws -> [UInt8] {
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw Self.tooLarge(limit) }
    return try await limited(to: time, or: .timedOut("the body took longer than \(time) to come")) { [body] in
      var buffer = ByteBuffer()
      for try await part in body {
        guard buffer.readableBytes + part.readableBytes <= limit else { throw Self.tooLarge(limit) }
        buffer.writeImmutableBuffer(part)
      }
      return Array(buffer.readableBytesView)
    }
  }

  /// The fields of the JSON object that is the body.
  ///
  /// - Throws: `APIError` for a body that is too large, too slow, or no JSON object.
  // Inlined into what reads them, it makes Swift 6.3's optimizer crash.
  @inline(never)
  func fields(within limits: RequestLimits) async throws -> RequestFields {
    try RequestFields(body: try await bytes(atMost: limits.bodyBytes, within: limits.bodyTime))
  }

  private static func tooLarge(_ limit: Int) -> APIError {
    APIError(
      status: .contentTooLarge, kind: .invalidRequest, message: "the body has more than \(limit) bytes",
      code: "body_too_large")
  }
}

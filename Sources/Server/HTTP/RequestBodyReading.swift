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
    return try await withThrowingTaskGroup(of: [UInt8].self) { group in
      group.addTask {
        var buffer = ByteBuffer()
        for try await part in body {
          guard buffer.readableBytes + part.readableBytes <= limit else { throw Self.tooLarge(limit) }
          buffer.writeImmutableBuffer(part)
        }
        return Array(buffer.readableBytesView)
      }
      group.addTask {
        try await Task.sleep(for: time)
        throw APIError.timedOut("the body took longer than \(time) to come")
      }
      defer { group.cancelAll() }
      return try await group.next() ?? []
    }
  }

  private static func tooLarge(_ limit: Int) -> APIError {
    APIError(
      status: .contentTooLarge, kind: .invalidRequest, message: "the body has more than \(limit) bytes",
      code: "body_too_large")
  }
}

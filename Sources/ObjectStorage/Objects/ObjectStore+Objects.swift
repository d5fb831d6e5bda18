internal import Synchronization

extension ObjectStore {
  /// What is told of an object without its bytes.
  public struct Status: Hashable, Sendable {
    /// Its bytes.
    public let byteCount: Int
    /// When it was put by the server's clock: seconds since 1970.
    public let time: Int
  }

  /// Begins to read an object from `offset` on.
  ///
  /// - Returns: `nil` if there is none.
  public func object(_ name: String) throws(ObjectStorageError) -> ObjectReader? {
    let operation = Operation(method: "GET", name: "read", object: name)
    let exchange = try perform(operation)
    guard exchange.response.status == 200 else {
      _ = try body(of: exchange, operation, atMost: 1 << 16)
      return nil
    }
    return try ObjectReader(name, in: self, exchange)
  }

  /// All bytes of an object; `nil` if there is none.
  ///
  /// - Throws: `ObjectStorageError.badAnswer` if there are more than `limit`.
  public func bytes(of name: String, atMost limit: Int) throws(ObjectStorageError) -> [UInt8]? {
    guard let reader = try object(name) else { return nil }
    var bytes: [UInt8] = []
    while true {
      var part = [UInt8](repeating: 0, count: min(max(reader.byteCount - bytes.count, 1), 1 << 20))
      var elements = part.mutableSpan
      var span = unsafe elements.mutableBytes
      let count = try reader.read(into: &span)
      bytes += part[..<count]
      guard bytes.count <= limit else { throw .badAnswer(operation: "read", key: name, problem: "it is too long") }
      if count < part.count { return bytes }
    }
  }

  /// What there is to say of an object; `nil` if there is none.
  public func status(of name: String) throws(ObjectStorageError) -> Status? {
    let exchange = try perform(Operation(method: "HEAD", name: "look for", object: name))
    end(exchange)
    guard exchange.response.status == 200 else { return nil }
    return Status(
      byteCount: try byteCount(exchange.response, of: name),
      time: exchange.response.headers["last-modified"].flatMap { Timestamp.seconds(header: $0) } ?? 0)
  }

  /// Puts an object.
  ///
  /// - Parameters:
  ///   - ifAbsent: whether one that is there stays. Of many who put one at once, one does.
  ///   - isNamedByContent: whether all who put an object of this name put the same bytes. A server that knows no conditions
  ///     is then asked once before, and no more.
  /// - Returns: `false` if there was one and it stays. It may be this very one, put by a request whose answer was lost.
  /// - Throws: `ObjectStorageError.tooLarge`, and whatever a request throws.
  @discardableResult
  public func put(
    _ body: ObjectBody, as name: String, ifAbsent: Bool = false, isNamedByContent: Bool = false
  ) throws(ObjectStorageError) -> Bool {
    guard body.byteCount <= Self.byteCountLimit else {
      throw .tooLarge(key: name, byteCount: body.byteCount, limit: Self.byteCountLimit)
    }
    guard ifAbsent else { return try put(body, as: name, headers: []) }
    if knowsConditions.withLock({ $0 }) {
      do throws(ObjectStorageError) {
        return try put(body, as: name, headers: [("if-none-match", "*")])
      } catch {
        guard case .refused(_, _, Self.notImplemented, _) = error else { throw error }
        knowsConditions.withLock { $0 = false }
      }
    }
    guard isNamedByContent else { return try putAlone(body, as: name) }
    guard try status(of: name) == nil else { return false }
    return try put(body, as: name, headers: [])
  }

  /// The status of a server that knows what it is asked for, and does not do it.
  private static let notImplemented = 501

  private func put(
    _ body: ObjectBody, as name: String, headers: [(name: String, value: String)]
  ) throws(ObjectStorageError) -> Bool {
    let operation = Operation(method: "PUT", name: "write", object: name, headers: headers, body: body)
    let exchange = try perform(operation)
    _ = try self.body(of: exchange, operation, atMost: 1 << 16)
    switch exchange.response.status {
    case ..<300: return true
    case 412 where !headers.isEmpty: return false
    case let status: throw .refused(operation: "write", key: name, status: status, code: "")
    }
  }

  /// Removes an object, if it is there.
  public func remove(_ name: String) throws(ObjectStorageError) {
    let operation = Operation(method: "DELETE", name: "remove", object: name)
    _ = try body(of: try perform(operation), operation, atMost: 1 << 16)
  }
}

/// Reads an object from its start to its end, once, on one thread at a time.
///
/// If the connection is lost it goes on where it was, as long as the object is the same.
public final class ObjectReader {
  /// Bytes of the object.
  public let byteCount: Int
  /// When it was put by the server's clock: seconds since 1970; 0 where the server does not say.
  public let time: Int

  private let name: String
  private let store: ObjectStore
  private let tag: String?
  private var exchange: Exchange?
  private var offset = 0

  init(_ name: String, in store: ObjectStore, _ exchange: Exchange) throws(ObjectStorageError) {
    self.name = name
    self.store = store
    self.exchange = exchange
    byteCount = try store.byteCount(exchange.response, of: name)
    time = exchange.response.headers["last-modified"].flatMap { Timestamp.seconds(header: $0) } ?? 0
    tag = exchange.response.headers["etag"]
  }

  /// Fills `span` with the next bytes, up to the object's end.
  ///
  /// - Returns: how many.
  /// - Throws: `ObjectStorageError`: no answer for too long, or `.changed`.
  public func read(into span: inout MutableRawSpan) throws(ObjectStorageError) -> Int {
    let wanted = min(span.byteCount, byteCount - offset)
    var count = 0
    var failures = 0
    while count < wanted {
      if exchange == nil { exchange = try resume(at: offset + count) }
      guard let exchange else { break }
      var rest = span._mutatingExtracting(count..<wanted)
      var failure: TransferFailure?
      do throws(TransferFailure) {
        count += try exchange.transfer.read(into: &rest)
        if count < wanted { failure = .broken("it ended too soon") }
      } catch {
        count += exchange.transfer.deliveredCount
        failures = exchange.transfer.deliveredCount > 0 ? 0 : failures
        failure = error
      }
      guard let failure else { break }
      self.exchange = nil
      failures += 1
      guard failures < store.options.attempts else { throw store.unreachable(failure) }
    }
    offset += count
    if offset == byteCount, let exchange {
      store.end(exchange)
      self.exchange = nil
    }
    return count
  }

  /// The rest of the same object, from `place` on.
  private func resume(at place: Int) throws(ObjectStorageError) -> Exchange {
    var headers = [(name: "range", value: "bytes=\(place)-")]
    if let tag { headers.append((name: "if-match", value: tag)) }
    let exchange = try store.perform(Operation(method: "GET", name: "read", object: name, headers: headers))
    let rest = exchange.response.byteCount
    guard exchange.response.status == 206, rest == nil || rest == byteCount - place else { throw .changed(key: name) }
    return exchange
  }
}

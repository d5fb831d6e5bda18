/// One object of a listing.
public struct ListedObject: Hashable, Sendable {
  /// Its name, without the location's prefix.
  public let name: String
  /// Its bytes.
  public let byteCount: Int
  /// When it was put by the server's clock: seconds since 1970.
  public let time: Int
}

extension ObjectStore {
  /// The objects whose names begin with `prefix`, in the order of their names' bytes.
  ///
  /// - Parameters:
  ///   - prefix: what their names begin with.
  ///   - name: only those behind this name, if it is given.
  ///   - limit: how many are wanted at most.
  public func list(
    _ prefix: String, after name: String? = nil, atMost limit: Int = .max
  ) throws(ObjectStorageError) -> [ListedObject] {
    var found: [ListedObject] = []
    var continuation: String?
    while true {
      let page = try page(prefix, after: name, continuation, count: min(limit - found.count, 1000))
      found += page.objects
      guard let next = page.next, found.count < limit else { return found }
      // Whoever gives the same page again and again is no S3.
      guard next != continuation else {
        throw .badAnswer(operation: "list", key: prefix, problem: "it does not come to an end")
      }
      continuation = next
    }
  }

  private func page(
    _ prefix: String, after name: String?, _ continuation: String?, count: Int
  ) throws(ObjectStorageError) -> (objects: [ListedObject], next: String?) {
    var operation = Operation(method: "GET", name: "list", object: nil)
    operation.query = [("list-type", "2"), ("prefix", location.prefix + prefix), ("max-keys", "\(count)")]
    // A server that has the one needs no other.
    if let continuation {
      operation.query.append(("continuation-token", continuation))
    } else if let name {
      operation.query.append(("start-after", location.prefix + name))
    }
    let answer = MarkupReader(try body(of: try perform(operation), operation, atMost: 16 << 20))
    guard let truncation = answer.first("IsTruncated") else {
      throw .badAnswer(operation: "list", key: prefix, problem: "it is no listing")
    }
    let objects = answer.elements("Contents").compactMap { entry -> ListedObject? in
      guard let key = entry.first("Key"), key.hasPrefix(location.prefix + prefix) else { return nil }
      return ListedObject(
        name: String(key.dropFirst(location.prefix.count)), byteCount: entry.first("Size").flatMap { Int($0) } ?? 0,
        time: entry.first("LastModified").flatMap { Timestamp.seconds(listed: $0) } ?? 0)
    }
    return (objects, truncation == "true" ? answer.first("NextContinuationToken") : nil)
  }
}

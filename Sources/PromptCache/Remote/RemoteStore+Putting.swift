internal import ContentHash
internal import ObjectStorage
internal import Store
internal import Synchronization
internal import Threads

extension RemoteStore {
  /// Puts encodings of a local store that are not there yet, many at a time.
  ///
  /// - Parameter progress: called with the number of encodings that are there, and of bytes that were sent.
  /// - Returns: what was sent.
  /// - Throws: `PromptCacheError.objectStorage` for the first one that could not be put; `.store`.
  @discardableResult
  func put(
    _ keys: [EncodingKey], of store: StateStore, _ names: RemoteNames,
    progress: @escaping @Sendable (_ encodings: Int, _ byteCount: Int) -> Void = { _, _ in }
  ) throws(PromptCacheError) -> (encodings: Int, byteCount: Int) {
    let next = Mutex(keys[...])
    let outcome = Mutex((done: 0, encodings: 0, byteCount: 0, failure: PromptCacheError?.none))
    onOwnThreads(min(Self.lanes, keys.count)) { [self] in
      while let key = next.withLock({ $0.popFirst() }) {
        do throws(PromptCacheError) {
          let sent = try put(key, of: store, names)
          let (done, byteCount) = outcome.withLock { outcome in
            outcome.done += 1
            outcome.encodings += sent > 0 ? 1 : 0
            outcome.byteCount += sent
            return (outcome.done, outcome.byteCount)
          }
          progress(done, byteCount)
        } catch {
          let failure = error
          outcome.withLock { $0.failure = $0.failure ?? failure }
          return next.withLock { $0 = [] }
        }
      }
    }
    return try outcome.withLock { (outcome) throws(PromptCacheError) in
      if let failure = outcome.failure { throw failure }
      return (outcome.encodings, outcome.byteCount)
    }
  }

  /// Puts one encoding.
  ///
  /// - Returns: bytes that were sent and kept; 0 if it was there.
  private func put(_ key: EncodingKey, of store: StateStore, _ names: RemoteNames) throws(PromptCacheError) -> Int {
    let name = names.states(key)
    let states = try withStoreErrors { () throws(StoreError) in try store.snapshot().states(of: key) }
    guard let states else { throw .stateRemoved }
    let isRotten = isRotten(name)
    let isNew = try asking { (objects) throws(ObjectStorageError) in
      let body = ObjectBody(byteCount: states.byteCount) { states.copy(from: $0, to: &$1) }
      if try objects.put(body, as: name, ifAbsent: !isRotten, isNamedByContent: true) { return true }
      // The same states have the same bytes everywhere.
      guard let status = try objects.status(of: name), status.byteCount != states.byteCount else { return false }
      return try objects.put(body, as: name)
    }
    guard isNew else { return 0 }
    noteMended(name)
    count { usage in
      usage.put += 1
      usage.putByteCount += states.byteCount
    }
    return states.byteCount
  }

  /// Which of these are not there, or not what they are in a local store.
  func missing(
    _ keys: [EncodingKey], of snapshot: Snapshot, _ names: RemoteNames
  ) throws(PromptCacheError) -> [EncodingKey] {
    let found = try sizes(of: keys, names)
    var missing: [EncodingKey] = []
    for key in keys {
      let isThere = try withStoreErrors { () throws(StoreError) in
        guard let byteCount = found[key], !isRotten(names.states(key)) else { return false }
        return try byteCount == snapshot.fileByteCount(of: key) ?? byteCount
      }
      if !isThere { missing.append(key) }
    }
    return missing
  }

  /// Whether an object is what is left of somebody who was killed while putting it: SeaweedFS, for one, takes a request
  /// that ends before its body begins for a whole one without content. None of what is looked for here has no content.
  static func isTorn(byteCount: Int) -> Bool { byteCount == 0 }

  /// Bytes of the objects of those that are there, many at a time.
  func sizes(of keys: [EncodingKey], _ names: RemoteNames) throws(PromptCacheError) -> [EncodingKey: Int] {
    let next = Mutex(keys[...])
    let outcome = Mutex((found: [EncodingKey: Int](), failure: PromptCacheError?.none))
    onOwnThreads(min(Self.lanes, keys.count)) { [self] in
      while let key = next.withLock({ $0.popFirst() }) {
        do throws(PromptCacheError) {
          let name = names.states(key)
          let status = try asking { (objects) throws(ObjectStorageError) in try objects.status(of: name) }
          if let status { outcome.withLock { $0.found[key] = status.byteCount } }
        } catch {
          let failure = error
          outcome.withLock { $0.failure = $0.failure ?? failure }
          return next.withLock { $0 = [] }
        }
      }
    }
    return try outcome.withLock { (outcome) throws(PromptCacheError) in
      if let failure = outcome.failure { throw failure }
      return outcome.found
    }
  }

  /// The same as `ask`, with the errors of sessions.
  func asking<R>(_ body: (ObjectStore) throws(ObjectStorageError) -> R) throws(PromptCacheError) -> R {
    do throws(ObjectStorageError) { return try ask(body) } catch { throw .objectStorage(error) }
  }
}

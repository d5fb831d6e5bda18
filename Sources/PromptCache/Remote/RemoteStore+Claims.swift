internal import ObjectStorage
internal import Store
internal import Synchronization
internal import Threads

extension RemoteStore {
  /// Seconds after which a claim is a dead one's, or of somebody who is too slow to be waited for.
  private static let claimLifetime = 60

  /// Says that encodings are about to be computed, many at a time.
  ///
  /// - Returns: those that nobody else has said so of; all of the rest where the store does not answer.
  func claim(_ keys: [EncodingKey], _ names: RemoteNames) -> Set<EncodingKey> {
    let next = Mutex(keys[...])
    let taken = Mutex(Set<EncodingKey>())
    onOwnThreads(min(Self.lanes, keys.count)) { [self] in
      while let key = next.withLock({ $0.popFirst() }) {
        if claim(names.claim(key)) { _ = taken.withLock { $0.insert(key) } }
      }
    }
    return taken.withLock { $0 }
  }

  private func claim(_ name: String) -> Bool {
    do throws(ObjectStorageError) {
      return try ask { (objects) throws(ObjectStorageError) in
        if try objects.put(ObjectBody([]), as: name, ifAbsent: true) { return true }
        guard let status = try objects.status(of: name) else { return false }
        guard objects.age(of: status.time) > Self.claimLifetime else { return false }
        return try objects.put(ObjectBody([]), as: name)
      }
    } catch {
      // Better computed twice than not at all.
      return true
    }
  }

  /// Takes claims back.
  func endClaims(on keys: [EncodingKey], _ names: RemoteNames) {
    let next = Mutex(keys[...])
    onOwnThreads(min(Self.lanes, keys.count)) { [self] in
      while let key = next.withLock({ $0.popFirst() }) {
        // One that stays is taken for a dead one's after a while.
        _ = try? ask { (objects) throws(ObjectStorageError) in try objects.remove(names.claim(key)) }
      }
    }
  }
}

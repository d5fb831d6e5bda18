internal import Dispatch
internal import KVCacheFormat
internal import ObjectStorage
internal import Store

/// Shares joint encodings with other machines: takes what they have put, and puts what is made here.
///
/// No version names these, so nobody is told of a publication: they go by their age alone, and one that is not there is made
/// anew by whoever wants it. Whatever is wrong with the remote store is a warning.
final class JointSharing: EncodingFellows, @unchecked Sendable {
  private let remote: RemotePart
  private let local: StateStore
  private let queue = DispatchQueue(label: "putting joint encodings")

  // All of these are touched on the queue alone.
  private var claimed: Set<EncodingKey> = []
  /// Those that are there.
  private var put: Set<EncodingKey> = []
  private var hasFailed = false

  /// - Parameter remote: the part whose names tell which encodings are joint.
  init(_ remote: RemotePart, _ local: StateStore) {
    self.remote = remote
    self.local = local
  }

  // Not on the queue: its last block may be what let go of this, and nobody else can be at it any more.
  deinit { endClaims(on: Array(claimed)) }

  func claim(_ keys: [EncodingKey]) -> Set<EncodingKey> {
    guard remote.store.isUsable, !queue.sync(execute: { hasFailed }) else { return Set(keys) }
    let taken = remote.store.claim(keys, remote.names)
    queue.async { self.claimed.formUnion(taken) }
    return taken
  }

  func bring(
    _ keys: [EncodingKey], accepting accepts: @escaping @Sendable (EncodingKey, [KVBlobLayout]) -> Bool
  ) throws(PromptCacheError) {
    let fetch = RemoteFetch(
      names: remote.names, store: local, keys: keys, kept: Set(keys), isNamed: false, accepts: accepts)
    try withStoreErrors { () throws(StoreError) in _ = try remote.store.fetch(fetch) }
  }

  func add(_ keys: [EncodingKey]) {
    queue.async { [self] in
      whileItWorks { () throws(PromptCacheError) in
        try remote.store.put(keys, of: local, remote.names)
        put.formUnion(keys)
      }
      endClaims(on: keys)
    }
  }

  /// Puts what is missing there of these encodings, which the local store has, once all that was added is put.
  func complete(_ keys: [EncodingKey]) {
    queue.sync {
      whileItWorks { () throws(PromptCacheError) in
        let snapshot = try withStoreErrors { () throws(StoreError) in try local.snapshot() }
        let missing = try remote.store.missing(keys.filter { !put.contains($0) }, of: snapshot, remote.names)
        try remote.store.put(missing, of: local, remote.names)
      }
    }
  }

  private func whileItWorks(_ body: () throws(PromptCacheError) -> Void) {
    guard !hasFailed, remote.store.isUsable else { return }
    do throws(PromptCacheError) {
      try body()
    } catch {
      hasFailed = true
      guard case .objectStorage(let failure) = error else {
        return remote.store.note(.notShared(problem: error.message))
      }
      if !failure.concernsWholeStore { remote.store.note(.notShared(problem: failure.message)) }
    }
  }

  private func endClaims(on keys: [EncodingKey]) {
    let ended = keys.filter(claimed.contains)
    claimed.subtract(ended)
    remote.store.endClaims(on: ended, remote.names)
  }
}

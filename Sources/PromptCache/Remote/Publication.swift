internal import ContentHash
internal import Dispatch
internal import KVCacheFormat
internal import ObjectStorage
internal import Store
internal import Synchronization

/// Publishes one version: puts what it needs while that is computed, and itself at the end.
///
/// Whatever is wrong with the remote store is a warning: the version is in the local store all the same.
final class Publication: EncodingFellows {
  private let remote: RemotePart
  private let local: StateStore
  private let model: SHA256Digest
  private let schema: String
  private let putting: Putting

  init(
    _ remote: RemotePart, _ local: StateStore, model: SHA256Digest, schema: String,
    progress: @escaping @Sendable (_ done: Int, _ total: Int, _ byteCount: Int) -> Void
  ) {
    self.remote = remote
    self.local = local
    self.model = model
    self.schema = schema
    putting = Putting(remote, local, progress)
  }

  deinit { putting.end() }

  // MARK: - While encodings are computed

  func claim(_ keys: [EncodingKey]) -> Set<EncodingKey> {
    guard remote.store.isUsable, !putting.hasFailed else { return Set(keys) }
    let taken = remote.store.claim(keys, remote.names)
    putting.note(claimed: taken)
    return taken
  }

  func bring(
    _ keys: [EncodingKey], accepting accepts: @escaping @Sendable (EncodingKey, [KVBlobLayout]) -> Bool
  ) throws(PromptCacheError) {
    let fetch = RemoteFetch(
      names: remote.names, store: local, keys: keys, kept: Set(keys), isNamed: false, accepts: accepts)
    try withStoreErrors { () throws(StoreError) in _ = try remote.store.fetch(fetch) }
  }

  func add(_ keys: [EncodingKey]) { putting.add(keys) }

  // MARK: - At the end

  /// Publishes the version, all of whose encodings the local store has, and records it there under the same number, where
  /// that is free.
  ///
  /// - Returns: its number in the local store, `nil` if it is not recorded there; and what became of it in the remote one.
  /// - Throws: `PromptCacheError.store`.
  func publish(_ content: VersionRecord) throws(PromptCacheError) -> (version: Int?, report: RemoteReport) {
    let published: VersionRecord
    do throws(PromptCacheError) {
      published = try publishRemotely(content)
    } catch {
      if case .store = error { throw error }
      remote.store.note(.notPublished(schema: schema, problem: error.message))
      return (nil, RemoteReport(version: nil, bytesPut: putting.byteCount))
    }
    let place = remote.store.place
    let recorded = try withStoreErrors { () throws(StoreError) in
      try local.takeIn(published: PublishedVersion(published), at: place, upTo: published.number, isComplete: true)
    }
    return (recorded.number, RemoteReport(version: published.number, bytesPut: putting.byteCount))
  }

  private func publishRemotely(_ content: VersionRecord) throws(PromptCacheError) -> VersionRecord {
    if let newest = try newest().version, newest.hasSameContent(as: content) { return newest }
    return try putting.whileMarked { (put, mark) throws(PromptCacheError) in
      // Under the mark: what the newest version names stays from here on.
      let (newest, number) = try newest()
      if let newest, newest.hasSameContent(as: content) { return newest }
      let named = Set(newest?.encodingKeys ?? [])
      try put(content.encodingKeys.filter { !named.contains($0) || remote.store.isRotten(remote.names.states($0)) })
      try mark.renew()
      let (model, schema) = (model, schema)
      let last = try withStoreErrors { () throws(StoreError) in
        try local.snapshot().newestVersion(model: model, schema: schema)
      }
      // One that was made while the remote store was not there has a number.
      if let last, last.number > number, last.hasSameContent(as: content) {
        return try remote.store.publish(last, of: local, remote.names)
      }
      return try remote.store.publish(
        content.numbered(max(last?.number ?? 0, number) + 1), of: local, remote.names)
    }
  }

  /// The newest version that was published of the schema and can be read, and the highest number that any has.
  private func newest() throws(PromptCacheError) -> (version: VersionRecord?, number: Int) {
    let (version, number) = try remote.store.newest(of: schema, model: model, remote.names)
    return (version?.version, number)
  }
}

/// Puts encodings one batch after the other, beside the thread that computes the next ones.
private final class Putting: @unchecked Sendable {
  private let remote: RemotePart
  private let local: StateStore
  private let progress: @Sendable (_ done: Int, _ total: Int, _ byteCount: Int) -> Void
  private let queue = DispatchQueue(label: "putting")
  /// Set when nobody waits for more: what was added and is not under way stays here.
  private let isEnding = Atomic(false)

  // All of these are touched on the queue alone.
  private var mark: PublishingMark?
  /// Encodings that were put while the mark held.
  private var put: Set<EncodingKey> = []
  private var claimed: Set<EncodingKey> = []
  private var sent = 0
  private var failure: PromptCacheError?

  init(
    _ remote: RemotePart, _ local: StateStore,
    _ progress: @escaping @Sendable (_ done: Int, _ total: Int, _ byteCount: Int) -> Void
  ) {
    self.remote = remote
    self.local = local
    self.progress = progress
  }

  /// Bytes that were sent.
  var byteCount: Int { queue.sync { sent } }
  var hasFailed: Bool { queue.sync { failure != nil } }

  func note(claimed keys: Set<EncodingKey>) { queue.async { self.claimed.formUnion(keys) } }

  /// Puts encodings that were just computed, so that others find them before all are.
  func add(_ keys: [EncodingKey]) {
    queue.async { [self] in
      guard failure == nil, !isEnding.load(ordering: .acquiring), remote.store.isUsable else { return }
      do throws(PromptCacheError) {
        try holdMark()
        sent += try remote.store.put(keys, of: local, remote.names).byteCount
        put.formUnion(keys)
        endClaims(on: keys)
      } catch {
        failure = error
      }
    }
  }

  /// Runs `body` under the mark, once all that was added is put. It is given what puts encodings that are not there, and
  /// the mark.
  func whileMarked<R>(
    _ body: (([EncodingKey]) throws(PromptCacheError) -> Void, PublishingMark) throws(PromptCacheError) -> R
  ) throws(PromptCacheError) -> R {
    let outcome: Result<R, PromptCacheError> = queue.sync {
      do throws(PromptCacheError) {
        if let failure { throw failure }
        try holdMark()
        guard let mark else { throw .publishingInterrupted }
        let put = { [self] (keys: [EncodingKey]) throws(PromptCacheError) in
          let snapshot = try withStoreErrors { () throws(StoreError) in try local.snapshot() }
          let missing = try remote.store.missing(keys.filter { !self.put.contains($0) }, of: snapshot, remote.names)
          sent += try remote.store.put(missing, of: local, remote.names) { [progress] done, byteCount in
            progress(done, missing.count, byteCount)
          }.byteCount
        }
        return .success(try body(put, mark))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// Takes back what it has said to others.
  func end() {
    isEnding.store(true, ordering: .releasing)
    queue.sync {
      endClaims(on: Array(claimed))
      mark = nil
    }
  }

  private func endClaims(on keys: [EncodingKey]) {
    let ended = keys.filter(claimed.contains)
    claimed.subtract(ended)
    remote.store.endClaims(on: ended, remote.names)
  }

  private func holdMark() throws(PromptCacheError) {
    if let mark { return try mark.renew() }
    mark = try PublishingMark(in: remote.store, remote.names)
  }
}

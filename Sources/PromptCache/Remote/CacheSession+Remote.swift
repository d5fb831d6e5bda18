internal import ContentHash
internal import ObjectStorage
internal import Store

extension CacheSession {
  /// How long a look for newer versions is good for.
  private static let lookInterval = Duration.seconds(2)

  /// Whether states and versions come from a remote store, too.
  public var hasRemote: Bool { remote != nil }

  /// Takes the newest version of a schema over from the remote store, if it has one that is newer than what was seen of it,
  /// without its states. It looks for one every two seconds at most.
  ///
  /// - Throws: the local store's failures, but for one that cannot be written to, which a warning says.
  func takeOverNewest(of schema: String) throws(PromptCacheError) {
    guard let remote, remote.store.isUsable else { return }
    let fingerprint = try fingerprint
    let prefix = remote.names.versions(of: schema, model: fingerprint)
    guard remote.store.isTimeToLook(prefix, interval: Self.lookInterval) else { return }
    do throws(PromptCacheError) {
      let place = remote.store.place
      let local = try sessionStore.readable()
      let seen = try withStoreErrors { () throws(StoreError) in
        try local?.seenNumber(at: place, model: fingerprint, schema: schema) ?? 0
      }
      let (newest, number) = try remote.store.newest(of: schema, model: fingerprint, above: seen, remote.names)
      guard let version = newest else { return }
      let store = try sessionStore.writable()
      try withStoreErrors { () throws(StoreError) in
        _ = try store.takeIn(published: version, at: place, upTo: number)
      }
    } catch {
      switch error {
      case .objectStorage(let failure):
        if !failure.concernsWholeStore { remote.store.note(.refused(failure)) }
      case .store(.readOnly), .store(.diskFull), .store(.storeFull):
        remote.store.note(.notKept(problem: error.message))
      default: throw error
      }
    }
  }

  /// What publishes the version that is about to be made; `nil` without a remote store.
  func publication(
    of schema: PlannedSchema, in local: StateStore
  ) throws(PromptCacheError) -> Publication? {
    guard let remote else { return nil }
    return Publication(remote, local, model: try fingerprint, schema: schema.name) {
      [progress] done, total, byteCount in
      progress(.puttingStates(schema: schema.name, done: done, total: total, byteCount: byteCount))
    }
  }
}

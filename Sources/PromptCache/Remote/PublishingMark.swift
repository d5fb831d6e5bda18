internal import Glibc
internal import ObjectStorage

/// Says to whoever collects garbage that versions are about to be published, which may name what is there.
///
/// Each side says first that it is at work, then looks for the other: so one of them sees the other at least. Who publishes
/// waits for the collection to end; the collection leaves what no version names while somebody publishes. A mark that has
/// not been renewed for a while belongs to somebody who is dead. Times are the server's: clocks of machines may differ.
package final class PublishingMark {
  private let remote: RemoteStore
  private let names: RemoteNames
  private let object: String
  private var renewed = ContinuousClock.now

  /// Seconds after which a mark is a dead one's.
  package static let lifetime = 15 * 60
  /// How long a mark is used without being renewed.
  private static let renewal = Duration.seconds(120)
  /// How long a collection is waited for.
  private static let patience = Duration.seconds(300)

  init(in remote: RemoteStore, _ names: RemoteNames) throws(PromptCacheError) {
    self.remote = remote
    self.names = names
    object = names.writers + String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
    try set()
    try awaitCollector()
  }

  deinit {
    let object = object
    _ = try? remote.ask { (objects) throws(ObjectStorageError) in try objects.remove(object) }
  }

  /// Makes sure that it still holds. Call it now and then, and right before publishing.
  func renew() throws(PromptCacheError) {
    guard ContinuousClock.now - renewed > Self.renewal else { return }
    let isExpired = ContinuousClock.now - renewed > .seconds(Self.lifetime / 2)
    try set()
    // Somebody may have taken it for a dead one's.
    if isExpired { throw .publishingInterrupted }
  }

  private func set() throws(PromptCacheError) {
    let object = object
    try remote.asking { (objects) throws(ObjectStorageError) in _ = try objects.put(ObjectBody([]), as: object) }
    renewed = .now
  }

  private func awaitCollector() throws(PromptCacheError) {
    let start = ContinuousClock.now
    let collector = names.collector
    while true {
      let age = try remote.asking { (objects) throws(ObjectStorageError) in
        try objects.status(of: collector).map { objects.age(of: $0.time) }
      }
      guard let age, age < Self.lifetime else { return }
      guard ContinuousClock.now - start < Self.patience else { throw .collectionUnderWay }
      try renew()
      usleep(200_000)
    }
  }
}

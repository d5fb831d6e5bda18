public import ObjectStorage
internal import Synchronization
internal import Threads

/// States and versions in an object store, for any number of machines; a local store is a cache of it.
///
/// It may be missing at any time. The first call that finds it so waits for a bounded time; from then on calls fail at
/// once, until a look at it in the background finds it there again.
public final class RemoteStore: Sendable {
  /// Where it is.
  public let location: ObjectLocation
  let objects: ObjectStore
  private let warn: @Sendable (RemoteWarning) -> Void

  private struct State {
    /// Why calls are not even made; `nil` while it answers.
    var outage: ObjectStorageError?
    /// When it was last looked for.
    var lastLook = ContinuousClock.now
    var isLooking = false
    var usage = RemoteUsage()
    /// When each kind of warning was last given.
    var warned: [String: ContinuousClock.Instant] = [:]
    /// Objects that were not what they should be, and are put anew.
    var rotten: Set<String> = []
    /// Joint encodings that were not there, and when.
    var lacks: [String: ContinuousClock.Instant] = [:]
    /// When versions were last looked for, by what their names begin with.
    var looks: [String: ContinuousClock.Instant] = [:]
  }

  private let state = Mutex(State())

  /// How long it is left alone while it does not answer.
  static let outagePause = Duration.seconds(5)
  /// How long nothing is said of what was said before.
  private static let warningPause = Duration.seconds(60)
  /// How long it is remembered that a joint encoding is not there, and of how many.
  private static let lackPause = Duration.seconds(60)
  private static let lackCount = 4096
  /// Objects that are read, or written, at a time.
  static let lanes = 8

  /// A remote store.
  ///
  /// - Parameters:
  ///   - location: the bucket, and what all names begin with.
  ///   - configuration: how it is reached.
  ///   - options: how patient it is.
  ///   - warn: called with whatever goes wrong that is no error of what was asked for.
  /// - Throws: `ObjectStorageError.badConfiguration`.
  public init(
    at location: ObjectLocation, configuration: ClientConfiguration, options: ObjectStore.Options = .init(),
    warn: @escaping @Sendable (RemoteWarning) -> Void = { _ in }
  ) throws(ObjectStorageError) {
    self.location = location
    objects = try ObjectStore(location, configuration, options: options)
    self.warn = warn
  }

  /// What stands for it among others.
  var place: String { "\(objects.endpointDescription) \(location)" }

  /// What was fetched so far, and what went wrong.
  public var usage: RemoteUsage { state.withLock { $0.usage } }

  /// Whether it answered when it was last asked.
  public var isReachable: Bool { state.withLock { $0.outage == nil } }

  func count(_ change: (inout RemoteUsage) -> Void) { state.withLock { change(&$0.usage) } }

  /// Says that something went wrong, unless the same was said just before.
  func note(_ warning: RemoteWarning) {
    let now = ContinuousClock.now
    let isNew = state.withLock { state in
      if let last = state.warned[warning.kind], now - last < Self.warningPause { return false }
      state.warned[warning.kind] = now
      return true
    }
    if isNew { warn(warning) }
  }

  /// Whether an object was found not to be what it should be.
  func isRotten(_ name: String) -> Bool { state.withLock { $0.rotten.contains(name) } }

  /// Notes that an object is not what it should be, so that it is put anew.
  func noteRotten(_ name: String) { state.withLock { _ = $0.rotten.insert(name) } }

  /// Notes that an object was put anew.
  func noteMended(_ name: String) { state.withLock { _ = $0.rotten.remove(name) } }

  /// Whether a joint encoding was looked for in vain a short while ago.
  func isKnownToLack(_ object: String) -> Bool {
    state.withLock { state in state.lacks[object].map { .now - $0 < Self.lackPause } ?? false }
  }

  /// Notes that a joint encoding is not there.
  func noteLack(of object: String) {
    state.withLock { state in
      if state.lacks.count >= Self.lackCount { state.lacks = state.lacks.filter { .now - $0.value < Self.lackPause } }
      if state.lacks.count >= Self.lackCount { state.lacks = [:] }
      state.lacks[object] = .now
    }
  }

  /// Whether it is time to look for versions whose names begin with `prefix`. Whoever is told so does it.
  func isTimeToLook(_ prefix: String, interval: Duration) -> Bool {
    let now = ContinuousClock.now
    return state.withLock { state in
      if let last = state.looks[prefix], now - last < interval { return false }
      if state.looks.count >= Self.lackCount { state.looks = state.looks.filter { now - $0.value < interval } }
      state.looks[prefix] = now
      return true
    }
  }

  /// Asks the store for something, if it is there.
  ///
  /// - Throws: what it answers; the reason of an outage without asking while that lasts.
  func ask<R>(_ body: (ObjectStore) throws(ObjectStorageError) -> R) throws(ObjectStorageError) -> R {
    if let outage = state.withLock({ $0.outage }) {
      lookAgain()
      throw outage
    }
    do throws(ObjectStorageError) {
      return try body(objects)
    } catch {
      if error.concernsWholeStore { begin(error) }
      throw error
    }
  }

  /// Whether it makes sense to ask. If not, it is looked for again in the background.
  var isUsable: Bool {
    guard !isReachable else { return true }
    lookAgain()
    return false
  }

  /// Notes that it cannot be used.
  func begin(_ outage: ObjectStorageError) {
    let isFirst = state.withLock { state in
      defer {
        state.outage = outage
        state.lastLook = .now
      }
      state.usage.outages += state.outage == nil ? 1 : 0
      return state.outage == nil
    }
    if isFirst { note(.outage(outage)) }
  }

  /// Looks on a thread of its own whether the store is there again, if the last look was a while ago.
  private func lookAgain() {
    let now = ContinuousClock.now
    let isDue = state.withLock { state in
      guard state.outage != nil, !state.isLooking, now - state.lastLook >= Self.outagePause else { return false }
      state.isLooking = true
      return true
    }
    guard isDue else { return }
    runOnOwnThread { [self] in
      var found: ObjectStorageError?
      do throws(ObjectStorageError) { _ = try objects.list("", atMost: 1) } catch { found = error }
      // Whoever may not list is answered, too.
      if let error = found, !error.concernsWholeStore { found = nil }
      let outage = found
      state.withLock { state in
        state.outage = outage
        state.lastLook = .now
        state.isLooking = false
        if outage == nil { state.warned = [:] }
      }
      if let outage { note(.outage(outage)) } else { note(.over(location: location.description)) }
    }
  }
}

/// What a remote store was good for.
public struct RemoteUsage: Hashable, Sendable {
  /// Encodings that were fetched.
  public internal(set) var fetched = 0
  /// Bytes of them.
  public internal(set) var fetchedByteCount = 0
  /// Encodings that were asked for and not there.
  public internal(set) var missing = 0
  /// Encodings that were there and not what they should be.
  public internal(set) var unusable = 0
  /// Encodings that could not be fetched for another reason.
  public internal(set) var failed = 0
  /// Encodings that were put.
  public internal(set) var put = 0
  /// Bytes of them.
  public internal(set) var putByteCount = 0
  /// Times that it stopped answering.
  public internal(set) var outages = 0
}

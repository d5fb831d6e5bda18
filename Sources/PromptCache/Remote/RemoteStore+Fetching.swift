internal import ContentHash
internal import KVCacheFormat
internal import ObjectStorage
internal import Store
internal import Synchronization
internal import Threads

/// What is fetched, and into which store.
struct RemoteFetch {
  let names: RemoteNames
  let store: StateStore
  /// The encodings that are wanted.
  let keys: [EncodingKey]
  /// Those that must not make room for them.
  let kept: Set<EncodingKey>
  /// Whether a version names them, so that each has to be there.
  let isNamed: Bool
  /// Whether layers can be those of an encoding.
  let accepts: @Sendable (EncodingKey, [KVBlobLayout]) -> Bool
}

extension RemoteStore {
  /// Brings encodings into a local store, as far as they are there, many at a time. What comes is checked before anyone
  /// can see it.
  ///
  /// - Parameter progress: called with the number of encodings and of bytes that have come.
  /// - Returns: the encodings that came.
  /// - Throws: the local store's failures.
  @discardableResult
  func fetch(
    _ fetch: RemoteFetch, progress: (_ encodings: Int, _ byteCount: Int) -> Void = { _, _ in }
  ) throws(StoreError) -> Set<EncodingKey> {
    guard !fetch.keys.isEmpty, isUsable else { return [] }
    let count = min(Self.lanes, fetch.keys.count)
    let queue = LayerQueue(fetchers: count)
    let next = Mutex(fetch.keys[...])
    for _ in 0..<count {
      let work: @Sendable () -> Void = { [self] in
        defer { queue.finish() }
        while let key = next.withLock({ $0.popFirst() }) {
          // Nothing more is asked of a store that does not answer.
          guard bring(key, fetch, into: queue) else { return next.withLock { $0 = [] } }
        }
      }
      runOnOwnThread(work)
    }
    let intake = StatesIntake(into: fetch.store, keeping: fetch.kept)
    var came: Set<EncodingKey> = []
    var byteCount = 0
    var failure: StoreError?
    // To the end also where something fails: those who fetch wait for room.
    while let arrivals = queue.take() {
      defer { queue.release(arrivals) }
      guard failure == nil else { continue }
      do throws(StoreError) {
        var layers: [ArrivedLayer] = []
        var bytes = 0
        for arrival in arrivals {
          switch arrival {
          case .layer(let layer, _):
            layers.append(layer)
            bytes += arrival.byteCount
          case .end(let key):
            layers.removeAll { $0.key.encodingKey == key }
            try intake.discard(key)
          }
        }
        guard !layers.isEmpty else { continue }
        let whole = try intake.put(layers)
        came.formUnion(whole)
        byteCount += bytes
        self.count { usage in
          usage.fetched += whole.count
          usage.fetchedByteCount += bytes
        }
        progress(came.count, byteCount)
      } catch {
        failure = error
        next.withLock { $0 = [] }
      }
    }
    if let failure { throw failure }
    return came
  }

  /// Fetches one encoding.
  ///
  /// - Returns: whether it is worth while to ask for others.
  private func bring(_ key: EncodingKey, _ fetch: RemoteFetch, into queue: LayerQueue) -> Bool {
    let name = fetch.names.states(key)
    var isBegun = false
    do throws(ObjectStorageError) {
      guard let reader = try ask({ (objects) throws(ObjectStorageError) in try objects.object(name) }) else {
        count { $0.missing += 1 }
        if fetch.isNamed { note(.missing(object: name)) }
        return true
      }
      let source = ObjectSource(name, reader)
      do throws(StoreError) {
        let file = try StatesFile(from: source, name: nil)
        guard file.key == key else { throw source.damaged("it holds states of another model, or of other text") }
        guard file.byteCount == reader.byteCount else { throw source.damaged("it is not as long as its head says") }
        guard fetch.accepts(key, file.layouts) else { throw source.damaged("its states have another shape") }
        let headByteCount = file.byteCount - file.layouts.reduce(0) { $0 + $1.byteCount }
        for number in file.layouts.indices {
          let layer = try file.layer(number, from: source)
          isBegun = true
          queue.put(.layer(layer, headByteCount: number == 0 ? headByteCount : 0))
        }
        return true
      } catch {
        if isBegun { queue.put(.end(key)) }
        // What broke the connection is told as such.
        if let failure = source.failure { throw failure }
        count { $0.unusable += 1 }
        noteRotten(name)
        note(.unusable(object: name, problem: error.reason))
        return true
      }
    } catch {
      count { $0.failed += 1 }
      // An outage is told once.
      if !error.concernsWholeStore { note(.refused(error)) }
      if error.concernsWholeStore { begin(error) }
      switch error {
      case .changed, .badAnswer: return true
      default: return false
      }
    }
  }
}

/// An object as an export's file, read once from start to end.
private final class ObjectSource: ByteSource {
  let label: String
  private let reader: ObjectReader
  /// Why the object could not be read.
  private(set) var failure: ObjectStorageError?

  init(_ name: String, _ reader: ObjectReader) {
    label = name
    self.reader = reader
  }

  func fill(_ span: inout MutableRawSpan) throws(StoreError) {
    let count: Int
    do throws(ObjectStorageError) {
      count = try reader.read(into: &span)
    } catch {
      failure = error
      throw damaged("it could not be read")
    }
    guard count == span.byteCount else { throw damaged("it ends too soon") }
  }
}

extension StoreError {
  /// What is wrong with an export's file, without its name.
  fileprivate var reason: String {
    switch self {
    case .damagedExport(_, let reason): reason
    case .otherExportFormat(_, let found, let supported): "it has format \(found), this program reads \(supported)"
    default: message
    }
  }
}

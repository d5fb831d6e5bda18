internal import ContentHash
public import KVCacheFormat
internal import ObjectStorage
public import Store

/// One version of a remote store.
public struct RemoteVersion: Hashable, Codable, Sendable {
  /// Which version it is.
  public let name: VersionName
  /// KV format of its states.
  public let element: KVElement
  /// When it was recorded: seconds since 1970, UTC, by the clock of whoever did.
  public let time: Int
  /// Encodings that it names.
  public let encodings: Int
  /// How many of them are not there.
  public let missing: Int
  /// Bytes of those that are.
  public let byteCount: Int
}

extension RemoteStore {
  /// The versions in a namespace's part, by model, schema and number.
  ///
  /// - Throws: `PromptCacheError.objectStorage`.
  public func list(namespace: String) throws(PromptCacheError) -> [RemoteVersion] {
    let names = RemoteNames(namespace: namespace)
    let listed = try asking { (objects) throws(ObjectStorageError) in
      (try objects.list(names.versions), try objects.list(names.states))
    }
    let whole = listed.1.filter { !Self.isTorn(byteCount: $0.byteCount) }
    let sizes = Dictionary(whole.map { ($0.name, $0.byteCount) }) { first, _ in first }
    var found: [RemoteVersion] = []
    for object in listed.0 {
      guard let version = try version(object: object.name)?.version else { continue }
      let there = version.encodingKeys.compactMap { sizes[names.states($0)] }
      found.append(
        RemoteVersion(
          name: version.name, element: version.element, time: version.time, encodings: version.encodings.count,
          missing: version.encodings.count - there.count, byteCount: there.reduce(0, +)))
    }
    return found.sorted {
      ($0.name.model, $0.name.schema, $0.name.number) < ($1.name.model, $1.name.schema, $1.name.number)
    }
  }
}

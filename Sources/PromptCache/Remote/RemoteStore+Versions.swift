internal import ContentHash
internal import ObjectStorage
internal import Store

extension RemoteStore {
  /// The newest version of a schema above `number` that can be read, and the highest number that any has, which is `number`
  /// if there is none.
  func newest(
    of schema: String, model: SHA256Digest, above number: Int = 0, _ names: RemoteNames
  ) throws(PromptCacheError) -> (version: PublishedVersion?, number: Int) {
    let prefix = names.versions(of: schema, model: model)
    let listed = try asking { (objects) throws(ObjectStorageError) in
      try objects.list(prefix, after: prefix + RemoteNames.digits(of: number))
    }
    let numbers = listed.compactMap { RemoteNames.number(in: $0.name) }.filter { $0 > number }.sorted(by: >)
    for number in numbers {
      let name = VersionName(model: model, schema: schema, number: number)
      if let version = try version(name, names) { return (version, numbers[0]) }
    }
    return (nil, numbers.first ?? number)
  }

  /// The version called `name`.
  ///
  /// - Returns: `nil` if it is not there, or not what it should be, which a warning says.
  func version(_ name: VersionName, _ names: RemoteNames) throws(PromptCacheError) -> PublishedVersion? {
    guard let version = try version(object: names.version(name)) else { return nil }
    guard version.version.name == name else {
      note(.unusable(object: names.version(name), problem: "it is another version"))
      return nil
    }
    return version
  }

  /// The version in an object; `nil` if there is none, or it is not what it should be, which a warning says.
  func version(object: String) throws(PromptCacheError) -> PublishedVersion? {
    let bytes = try asking { (objects) throws(ObjectStorageError) in
      try objects.bytes(of: object, atMost: PublishedVersion.limit)
    }
    // Nothing was published under a name without content: see `isTorn`.
    guard let bytes, !Self.isTorn(byteCount: bytes.count) else { return nil }
    do throws(StoreError) {
      return try PublishedVersion(bytes, label: object)
    } catch {
      note(.unusable(object: object, problem: error.message))
      return nil
    }
  }

  /// Publishes a version whose encodings are there, under its number, or the next one that is free.
  ///
  /// - Returns: the version with its number. One with the same content that has it already is as good.
  /// - Throws: `PromptCacheError.objectStorage`; `.store` for texts that the local store lacks.
  func publish(
    _ version: VersionRecord, of store: StateStore, _ names: RemoteNames
  ) throws(PromptCacheError) -> VersionRecord {
    var published = try withStoreErrors { () throws(StoreError) in try store.snapshot().published(version) }
    while true {
      let version = published.version
      let object = names.version(version.name)
      let bytes = published.bytes
      guard bytes.count <= PublishedVersion.limit else {
        throw .objectStorage(.tooLarge(key: object, byteCount: bytes.count, limit: PublishedVersion.limit))
      }
      let body = ObjectBody(bytes)
      if try asking({ (objects) throws(ObjectStorageError) in try objects.put(body, as: object, ifAbsent: true) }) {
        return version
      }
      // Perhaps by a request of ours whose answer was lost.
      if let other = try self.version(version.name, names)?.version, other.hasSameContent(as: version) { return other }
      published = published.numbered(version.number + 1)
    }
  }
}

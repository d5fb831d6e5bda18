package import ContentHash
internal import FileSystem
package import KVCacheFormat

/// Takes an export in, in commits of bounded size. What goes into one is read and checked before others have to wait.
final class Importer {
  private let store: StateStore
  private let source: any ImportSource
  private let progress: ((Double, Int) -> Void)?
  private var report = ImportReport()
  private var versions: [VersionFile] = []
  /// The files of states that came, and the layouts of what they hold, layer by layer.
  private var files: [SHA256Digest: EncodingKey] = [:]
  private var layouts: [EncodingKey: [KVBlobLayout]] = [:]
  /// Texts of documents that came and are not in the store yet, and their bytes.
  private var texts: [TextFile] = []
  private var textByteCount = 0
  /// What the states of a model look like.
  private var shapes: [SHA256Digest: KVShape] = [:]
  private var added: [EncodingKey] = []
  private var byteCountRead = 0
  private var isAtEnd = false
  /// The encoding whose layers are being read, and the next of them.
  private var current: (file: StatesFile, source: any ByteSource, layer: Int)?

  init(into store: StateStore, _ source: any ImportSource, _ progress: ((Double, Int) -> Void)?) {
    self.store = store
    self.source = source
    self.progress = progress
  }

  func run() throws(StoreError) -> ImportReport {
    while true {
      let layers = try gather()
      guard !layers.isEmpty else { break }
      var pages = 0
      for layer in layers { pages += try store.byteCountOnDisk(of: layer.layout) }
      // What came in or was there must not make room for the rest.
      try store.write(makingRoomFor: pages, keeping: Set(layouts.keys)) { (batch) throws(StoreError) in
        for layer in layers where try batch.awaits(layer.key) {
          try batch.put(layer.key, layout: layer.layout, isArriving: true, fillingAll: true) { $0.copy(layer.payload) }
        }
      }
      progress?(source.fraction, byteCountRead)
    }
    try commitTexts()
    try store.write { (batch) throws(StoreError) in
      for key in added { try batch.admit(key) }
      for file in versions.sorted(by: { $0.version.name < $1.version.name }) {
        let (version, isNew) = try batch.takeIn(file.version)
        if isNew { report.versions.append(version.name) } else { report.presentVersions += 1 }
      }
    }
    return report
  }

  /// Reads on, up to the layers of one commit; none at the end.
  private func gather() throws(StoreError) -> [ArrivedLayer] {
    var layers: [ArrivedLayer] = []
    var byteCount = 0
    while byteCount < store.options.importCommitByteCount, !isAtEnd {
      if let (file, source, number) = current {
        let layer = try file.layer(number, from: source)
        layers.append(layer)
        byteCount += layer.byteCount
        byteCountRead += layer.byteCount
        report.byteCount += layer.byteCount
        current = number + 1 < file.hashes.count ? (file, source, number + 1) : nil
      } else if let item = try source.next() {
        try take(item)
      } else {
        isAtEnd = true
      }
    }
    return layers
  }

  private func take(_ item: ImportItem) throws(StoreError) {
    switch item {
    case .states(let file, let source):
      try checkShape(of: file, from: source)
      files[file.name] = file.key
      let brought = layouts[file.key]
      var there = brought
      if there == nil { there = try store.snapshot().wholeBlobs(of: file.key)?.map(\.layout) }
      layouts[file.key] = file.layouts
      if let there {
        guard file.layouts.areOfTheEncoding(in: there) else {
          throw source.damaged("it holds other states of an encoding than there are already")
        }
        if brought == nil { report.presentEncodings += 1 }
        for (layout, hash) in zip(file.layouts, file.hashes) { try skip(layout.byteCount, hash, in: source) }
      } else {
        try checkRoom(for: file)
        added.append(file.key)
        report.encodings += 1
        current = (file, source, 0)
      }
    case .text(let file):
      texts.append(file)
      textByteCount += file.runs.reduce(0) { $0 + $1.utf8.count }
      if textByteCount >= Self.textCommitByteCount { try commitTexts() }
    case .version(let file, let label):
      for (key, name) in zip(file.version.encodingKeys, file.files) where files[name] != key {
        throw .damagedExport(path: label, reason: "a version names states that are not those of its encodings")
      }
      versions.append(file)
    }
  }

  private static let textCommitByteCount = 16 << 20

  /// Keeps texts that came. Of no use to anybody until the versions are there, they do no harm if these never are.
  private func commitTexts() throws(StoreError) {
    guard !texts.isEmpty else { return }
    try store.write { (batch) throws(StoreError) in
      for text in texts { try batch.putDocumentText(text.runs) }
    }
    texts = []
    textByteCount = 0
  }

  // MARK: - Checks

  /// Throws unless states look as those of the model do that the store has, or that came before.
  private func checkShape(of file: StatesFile, from source: any ByteSource) throws(StoreError) {
    var shape = shapes[file.key.model]
    if shape == nil { shape = try store.snapshot().shape(of: file.key.model) }
    shapes[file.key.model] = shape ?? file.shape
    guard shape == nil || file.shape == shape else {
      throw source.damaged("its states have another shape than others of the model")
    }
  }

  /// Throws if the states can have no room, before they are read.
  private func checkRoom(for file: StatesFile) throws(StoreError) {
    var byteCount = 0
    for layout in file.layouts { byteCount += try store.byteCountOnDisk(of: layout) }
    if let limit = store.options.maximumNamespaceBytes, byteCount > limit {
      throw .namespaceFull(namespace: store.namespace.name, limit: limit)
    }
    if let limit = store.options.maximumBytes, byteCount > limit {
      throw .storeFull(path: store.path.description, limit: limit)
    }
  }

  // MARK: - Layers

  /// Reads a layer that the store has, and checks it all the same.
  private func skip(_ byteCount: Int, _ hash: SHA256Digest, in source: any ByteSource) throws(StoreError) {
    var hasher = SHA256Hasher()
    try source.visit(byteCount) { (part) throws(StoreError) in unsafe hasher.update(bytes: part.span.bytes) }
    guard hasher.finalize() == hash else { throw source.damaged(StatesFile.otherLayer) }
    byteCountRead += byteCount
  }
}

extension [KVBlobLayout] {
  /// Whether these layers and `others` can hold the same encoding: a layer with a sliding window has all tokens, or lacks
  /// whole tiles of the first ones.
  fileprivate func areOfTheEncoding(in others: [KVBlobLayout]) -> Bool {
    count == others.count
      && zip(self, others).allSatisfy { layout, other in
        layout.element == other.element && layout.shape == other.shape
          && (layout.tokens - other.tokens).isMultiple(of: KVBlobLayout.tileTokens)
      }
  }
}

extension Snapshot {
  /// What the states of `model` look like, by those that its versions need; `nil` if there are none.
  package func shape(of model: SHA256Digest) throws(StoreError) -> KVShape? {
    let namespace = store.namespace
    let versions = try versions().filter { $0.model == model }
    return try read { (transaction, tables) throws(StoreError) in
      for key in versions.lazy.flatMap(\.encodingKeys) {
        let layers = try transaction.layers(of: key, namespace, tables)
        let bytes = BlobKeyBytes(BlobKey(key, layer: 0), in: namespace)
        guard layers > 0, let blob = try transaction.bytes(at: bytes.span, in: tables.blobs),
          let one = try? BlobHeader(of: blob).layout?.shape
        else { continue }
        return KVShape(layers: layers, heads: one.heads, headDimension: one.headDimension)
      }
      return nil
    }
  }
}

extension WriteBatch {
  /// Records a version that was made elsewhere, with its own number if that is free or has the same content.
  ///
  /// - Returns: what it is here, and whether it was not there.
  ///
  /// - Parameter isComplete: whether all its encodings have to be there; others may come later.
  func takeIn(
    _ version: VersionRecord, isComplete: Bool = true
  ) throws(StoreError) -> (version: VersionRecord, isNew: Bool) {
    if isComplete { try checkEncodings(of: version) }
    try checkTexts(of: version)
    let key = VersionKey(store.namespace, version.name).bytes
    var found: VersionRecord?
    if let record = try unsafe transaction.bytes(at: key.span.bytes, in: tables.versions) {
      found = unsafe VersionRecord(record: record, key: key.span.bytes)
    }
    if let found, found.hasSameContent(as: version) { return (found, false) }
    guard found != nil || !VersionRecord.importedNumbers.contains(version.number) else {
      try put(version)
      return (version, true)
    }
    let (newest, lastNumber) = try newestVersion(model: version.model, schema: version.schema)
    if let newest, newest.hasSameContent(as: version) { return (newest, false) }
    let renumbered = version.numbered(lastNumber + 1)
    try put(renumbered)
    return (renumbered, true)
  }
}

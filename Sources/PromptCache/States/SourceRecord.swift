internal import ContentHash
public import FileSystem
internal import Store

/// A file that a version was made from, as it was then.
private struct SourceRecord {
  let byteCount: Int
  let modificationTime: Int
  let digest: SHA256Digest
  let path: FilePath

  init?(of path: FilePath) {
    guard let status = try? FileStatus(of: path), status.kind == .regular, let digest = Self.digest(of: path) else {
      return nil
    }
    self.path = path
    self.digest = digest
    (byteCount, modificationTime) = (status.byteCount, status.modificationTime)
  }

  /// Reads a line of a note.
  init?(_ line: Substring) {
    let fields = line.split(separator: " ")
    guard fields.count == 4, let byteCount = Int(fields[0]), let time = Int(fields[1]),
      let digest = SHA256Digest(hexadecimal: fields[2]), let path = Self.bytes(fields[3])
    else { return nil }
    (self.byteCount, modificationTime, self.digest) = (byteCount, time, digest)
    self.path = FilePath(bytes: path)
  }

  /// Its line in a note. A path may hold any bytes.
  var line: String {
    let digits = Array("0123456789abcdef".utf8)
    let path = path.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return "\(byteCount) \(modificationTime) \(digest.hexadecimal) \(String(decoding: path, as: UTF8.self))\n"
  }

  /// Whether the file is there and is another one. One that is gone says nothing: the store may be on another machine.
  var hasChanged: Bool {
    guard let status = try? FileStatus(of: path), status.kind == .regular else { return false }
    if status.byteCount == byteCount, status.modificationTime == modificationTime { return false }
    return Self.digest(of: path).map { $0 != digest } ?? false
  }

  private static func digest(of path: FilePath) -> SHA256Digest? {
    guard let bytes = try? Input.read(path, atMost: DocumentSources.largest) else { return nil }
    return unsafe SHA256Digest(of: bytes.span.bytes)
  }

  private static func bytes(_ digits: Substring) -> [UInt8]? {
    let values = digits.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard values.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: values.count, by: 2) {
      guard let high = values[index], let low = values[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}

/// Limits of what is remembered of sources.
private enum DocumentSources {
  /// Files of a version that are remembered; a change of the others goes unnoticed.
  static let most = 1000
  /// Bytes of a file that are compared.
  static let largest = 64 << 20
}

extension CacheSession {
  /// Notes beside a version which files it was made from, so that `changedSources` can tell when they are others. Where it cannot
  /// be noted, nothing fails.
  ///
  /// - Parameters:
  ///   - files: the schema's document and those of `src`.
  ///   - schema: with a version.
  public func noteSources(_ files: [FilePath], of schema: WarmedSchema) {
    guard let name = versionName(of: schema) else { return }
    let records = files.prefix(DocumentSources.most).compactMap { path in
      SourceRecord(of: path.isAbsolute ? path : FilePath.currentFolder.appending(path))
    }
    let note = Array(records.map(\.line).joined().utf8)
    try? store.write { (batch) throws(StoreError) in try batch.setNote(of: name, note) }
  }

  /// Files that a version was made from and that have changed since, as far as that was noted and they are there.
  public func changedSources(of schema: WarmedSchema) -> [FilePath] {
    guard let name = versionName(of: schema), let note = try? store.snapshot().note(of: name) else { return [] }
    return String(decoding: note, as: UTF8.self).split(separator: "\n").compactMap(SourceRecord.init)
      .filter(\.hasChanged).map(\.path)
  }

  private func versionName(of schema: WarmedSchema) -> VersionName? {
    guard let number = schema.version, let model = try? fingerprint else { return nil }
    return VersionName(model: model, schema: schema.schema.name, number: number)
  }
}

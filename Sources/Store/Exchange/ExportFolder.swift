internal import ContentHash
internal import FileSystem
internal import Glibc

/// An export as a folder of files that never change, named by their contents.
///
///     export.format        text: that this is one, and the version of its format
///     states/ab/ab12…      a file of states (`StatesFile`), by the first two digits of its name
///     versions/34cd…       a version (`VersionFile`)
final class ExportFolder: ExportDestination {
  private static let markerName = "export.format"
  private static let markerStart = "prompt-cache export\nformat "

  private let path: String
  /// The files of states that versions name, whole or not.
  private var names: [EncodingKey: SHA256Digest] = [:]

  /// The folder `path`, with what is in it.
  init(_ path: String, creating: Bool) throws(StoreError) {
    self.path = path
    if creating { try StoreFolder.makeFolders(path) }
    let marker = "\(path)/\(Self.markerName)"
    if let bytes = try Self.start(of: marker) {
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.hasPrefix(Self.markerStart),
        let format = Int(text.dropFirst(Self.markerStart.count).prefix { $0.isNumber })
      else { throw .notAnExport(path: path) }
      guard format == ExportFormat.version else {
        throw .otherExportFormat(path: path, found: format, supported: ExportFormat.version)
      }
    } else {
      guard creating, try storing(try Folder(FilePath(path)).names()).isEmpty else { throw .notAnExport(path: path) }
      let file = try FileSink(marker)
      try file.write(Array("\(Self.markerStart)\(ExportFormat.version)\n".utf8))
      try file.finish()
    }
    for version in try versions() {
      for (key, name) in zip(version.version.encodingKeys, version.files) { names[key] = name }
    }
  }

  /// The first bytes of the file at `path`; `nil` if there is none.
  private static func start(of path: String) throws(StoreError) -> [UInt8]? {
    do throws(SystemFailure) {
      return try OpenFile(FilePath(path), .reading).read(256, at: 0)
    } catch {
      if error.isNotFound { return nil }
      throw StoreError(error)
    }
  }

  func name(of key: EncodingKey) -> SHA256Digest? { names[key].flatMap { isThere($0) ? $0 : nil } }

  func put(_ states: StatesFile, _ blobs: [Blob]) throws(StoreError) {
    let path = statesPath(states.name)
    if !isThere(states.name) {
      try StoreFolder.makeFolders("\(self.path)/states/\(states.name.hexadecimal.prefix(2))")
      let file = try FileSink(path)
      try file.write(states, blobs)
      try file.finish()
    }
    names[states.key] = states.name
  }

  func put(_ version: VersionFile) throws(StoreError) {
    let bytes = version.bytes
    let path = "\(path)/versions/\(unsafe SHA256Digest(of: bytes.span.bytes))"
    guard try storing(try FileStatus(of: FilePath(path))) == nil else { return }
    try StoreFolder.makeFolders("\(self.path)/versions")
    let file = try FileSink(path)
    try file.write(bytes)
    try file.finish()
  }

  /// The versions that are there.
  func versions() throws(StoreError) -> [VersionFile] {
    let folder = "\(path)/versions"
    guard try storing(try FileStatus(of: FilePath(folder))) != nil else { return [] }
    var versions: [VersionFile] = []
    for name in try storing(try Folder(FilePath(folder)).names()).sorted().map(\.description) {
      // Something else, or what a mirror is still writing.
      guard let digest = SHA256Digest(hexadecimal: name) else { continue }
      let source = try FileSource("\(folder)/\(name)")
      let length = try source.rest()
      guard length <= VersionFile.limit else { throw source.damaged("it is too long for a version") }
      versions.append(try VersionFile(source.read(length), name: digest, from: source))
    }
    return versions
  }

  /// Whether there is a file of states called `name`, with its head, and as long as that says.
  private func isThere(_ name: SHA256Digest) -> Bool {
    do throws(StoreError) {
      _ = try states(name)
      return true
    } catch {
      return false
    }
  }

  /// The file of states called `name`.
  func states(_ name: SHA256Digest) throws(StoreError) -> (StatesFile, FileSource) {
    let source: FileSource
    do throws(StoreError) {
      source = try FileSource(statesPath(name))
    } catch .system(_, _, ENOENT) {
      throw .damagedExport(path: statesPath(name), reason: "it is not there")
    }
    let states = try StatesFile(from: source, name: name)
    guard try source.rest() == states.byteCount - states.headByteCount else {
      throw source.damaged("it is not as long as its head says")
    }
    return (states, source)
  }

  private func statesPath(_ name: SHA256Digest) -> String {
    let text = name.hexadecimal
    return "\(path)/states/\(text.prefix(2))/\(text)"
  }
}

/// Reads a folder: of each version first what it needs, then itself.
final class ExportFolderReader: ImportSource {
  private let folder: ExportFolder
  private var versions: ArraySlice<VersionFile>
  private var files: ArraySlice<SHA256Digest>
  private var seen: Set<SHA256Digest> = []
  /// Number of different files of states.
  private let total: Int
  var fraction: Double { total > 0 ? Double(seen.count) / Double(total) : 1 }

  init(_ path: String) throws(StoreError) {
    folder = try ExportFolder(path, creating: false)
    versions = try folder.versions()[...]
    total = versions.reduce(into: Set()) { $0.formUnion($1.files) }.count
    files = versions.first?.files[...] ?? []
  }

  func next() throws(StoreError) -> ImportItem? {
    while let name = files.popFirst() {
      guard seen.insert(name).inserted else { continue }
      let (states, source) = try folder.states(name)
      return .states(states, source)
    }
    guard let version = versions.popFirst() else { return nil }
    files = versions.first?.files[...] ?? []
    return .version(version)
  }
}

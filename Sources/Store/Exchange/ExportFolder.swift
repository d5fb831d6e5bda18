internal import ContentHash
internal import FileSystem

/// An export as a folder of files that never change, named by their contents.
///
///     export.format        text: that this is one, and the version of its format
///     states/ab/ab12…      a file of states (`StatesFile`), by the first two digits of its name
///     texts/12/12ef…       what a document of a library says (`TextFile`)
///     versions/34cd…       a version (`VersionFile`)
final class ExportFolder: ExportDestination {
  private static let markerName: FilePath = "export.format"
  private static let markerStart = "prompt-cache export\nformat "

  private let path: FilePath
  /// What it is called in messages.
  var label: String { path.description }
  private var statesFolder: FilePath { path.appending("states") }
  private var textsFolder: FilePath { path.appending("texts") }
  private var versionsFolder: FilePath { path.appending("versions") }
  /// The files of states that versions name, whole or not.
  private var names: [EncodingKey: SHA256Digest] = [:]

  /// The folder `path`, with what is in it.
  init(_ path: FilePath, creating: Bool) throws(StoreError) {
    self.path = path
    if creating { try StoreFolder.makeFolders(path) }
    let marker = path.appending(Self.markerName)
    if let text = try Self.start(of: marker) {
      guard text.hasPrefix(Self.markerStart), text.hasSuffix("\n"),
        let format = Int(text.dropFirst(Self.markerStart.count).dropLast()), format > 0
      else { throw .notAnExport(path: path.description) }
      guard format == ExportFormat.version else {
        throw .otherExportFormat(path: path.description, found: format, supported: ExportFormat.version)
      }
    } else {
      guard creating, try storing(try Folder(path).names()).isEmpty else {
        throw .notAnExport(path: path.description)
      }
      let file = try FileSink(marker)
      try file.write(Array("\(Self.markerStart)\(ExportFormat.version)\n".utf8))
      try file.finish()
    }
    guard creating else { return }
    for name in try versionNames() {
      let version = try version(name)
      for (key, name) in zip(version.version.encodingKeys, version.files) { names[key] = name }
    }
  }

  /// The text at the start of the marker at `path`; `nil` if there is none.
  private static func start(of path: FilePath) throws(StoreError) -> String? {
    guard let status = try storing(try FileStatus(of: path)) else { return nil }
    // Something else, and no export's: text that is none.
    guard status.kind == .regular else { return "" }
    let file = try storing(try OpenFile(path, .reading))
    return String(decoding: try storing(try file.read(64, at: 0)), as: UTF8.self)
  }

  func name(of key: EncodingKey) -> SHA256Digest? { names[key].flatMap { isThere($0) ? $0 : nil } }

  func put(_ states: StatesFile, _ blobs: [Blob]) throws(StoreError) {
    if !isThere(states.name) {
      let path = statesPath(states.name)
      try StoreFolder.makeFolders(path.parent)
      let file = try FileSink(path)
      try file.write(states, blobs)
      try file.finish()
    }
    names[states.key] = states.name
  }

  func put(_ version: VersionFile) throws(StoreError) {
    let bytes = version.bytes
    let path = versionsFolder.appending(FilePath((unsafe SHA256Digest(of: bytes.span.bytes)).hexadecimal))
    guard try storing(try FileStatus(of: path)) == nil else { return }
    try StoreFolder.makeFolders(versionsFolder)
    let file = try FileSink(path)
    try file.write(bytes)
    try file.finish()
  }

  /// Names of the versions that are there.
  func versionNames() throws(StoreError) -> [SHA256Digest] {
    guard try storing(try FileStatus(of: versionsFolder)) != nil else { return [] }
    // Others are something else, or what a mirror is still writing.
    return try storing(try Folder(versionsFolder).names()).sorted().compactMap {
      SHA256Digest(hexadecimal: $0.description)
    }
  }

  /// The version called `name`.
  func version(_ name: SHA256Digest) throws(StoreError) -> VersionFile {
    let source = try FileSource(inExport: versionsFolder.appending(FilePath(name.hexadecimal)))
    guard let length = source.byteCount, length <= VersionFile.limit else {
      throw source.damaged("it is too long for a version")
    }
    return try VersionFile(source.read(length), name: name, from: source)
  }

  /// Whether there is a file of states called `name`, with its head, and as long as that says.
  private func isThere(_ name: SHA256Digest) -> Bool { (try? states(name)) != nil }

  /// The file of states called `name`.
  func states(_ name: SHA256Digest) throws(StoreError) -> (StatesFile, FileSource) {
    let path = statesPath(name)
    guard try storing(try FileStatus(of: path)) != nil else {
      throw .damagedExport(path: path.description, reason: "it is not there")
    }
    let source = try FileSource(inExport: path)
    let states = try StatesFile(from: source, name: name)
    guard source.byteCount == states.byteCount else { throw source.damaged("it is not as long as its head says") }
    return (states, source)
  }

  /// A file that is not whole is written again.
  func hasText(_ content: SHA256Digest) -> Bool { (try? text(content)) != nil }

  func put(_ text: TextFile) throws(StoreError) {
    let path = textPath(text.content)
    try StoreFolder.makeFolders(path.parent)
    let file = try FileSink(path)
    try file.write(text.bytes)
    try file.finish()
  }

  /// What the document says that is known by this digest.
  func text(_ content: SHA256Digest) throws(StoreError) -> TextFile {
    let path = textPath(content)
    guard try storing(try FileStatus(of: path)) != nil else {
      throw .damagedExport(path: path.description, reason: "it is not there")
    }
    let source = try FileSource(inExport: path)
    guard let length = source.byteCount, length <= TextFile.limit else {
      throw source.damaged("it is too long for the text of a document")
    }
    return try TextFile(source.read(length), content: content, from: source)
  }

  private func textPath(_ content: SHA256Digest) -> FilePath {
    let text = content.hexadecimal
    return textsFolder.appending(FilePath(String(text.prefix(2)))).appending(FilePath(text))
  }

  private func statesPath(_ name: SHA256Digest) -> FilePath {
    let text = name.hexadecimal
    return statesFolder.appending(FilePath(String(text.prefix(2)))).appending(FilePath(text))
  }
}

/// Reads a folder: of each version first what it needs, then itself.
final class ExportFolderReader: ImportSource {
  private let folder: ExportFolder
  /// Versions that come next, and how many there are in all.
  private var names: ArraySlice<SHA256Digest>
  private let total: Int
  /// The version whose files come next.
  private var version: VersionFile?
  private var files: ArraySlice<SHA256Digest> = []
  private var seen: Set<SHA256Digest> = []
  /// Documents of the version's libraries, whose texts come next.
  private var documents: ArraySlice<LibraryListing.Document> = []
  private var seenTexts: Set<SHA256Digest> = []
  var fraction: Double { total > 0 ? Double(total - names.count) / Double(total) : 1 }

  init(_ path: FilePath) throws(StoreError) {
    folder = try ExportFolder(path, creating: false)
    names = try folder.versionNames()[...]
    total = names.count
  }

  func next() throws(StoreError) -> ImportItem? {
    while true {
      while let name = files.popFirst() {
        guard seen.insert(name).inserted else { continue }
        let (states, source) = try folder.states(name)
        return .states(states, source)
      }
      while let document = documents.popFirst() {
        guard seenTexts.insert(document.content).inserted else { continue }
        return .text(try folder.text(document.content))
      }
      if let version {
        self.version = nil
        return .version(version, label: folder.label)
      }
      guard let name = names.popFirst() else { return nil }
      let next = try folder.version(name)
      version = next
      files = next.files[...]
      documents = next.version.libraries.flatMap(\.documents)[...]
    }
  }
}

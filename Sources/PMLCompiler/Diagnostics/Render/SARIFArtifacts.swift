internal import FileSystem
internal import JSONText

/// The files of a SARIF log as URIs: relative to one folder, which the log names, where they lie in it.
struct SARIFArtifacts {
  /// The name by which services know the root of a repository.
  private static let baseID = "%SRCROOT%"

  private let paths: ReportPaths
  private let places: [FilePath: ReportPaths.Place]
  /// The root of the first file that has one.
  private let root: FilePath?

  init(of files: [FilePath], _ paths: ReportPaths) {
    self.paths = paths
    var places: [FilePath: ReportPaths.Place] = [:]
    var known: Set<FilePath> = []
    for file in files where known.insert(file).inserted { places[file] = paths.place(of: file) }
    self.places = places
    root = files.lazy.compactMap { places[$0]?.root }.first
  }

  /// What the base ID stands for, if that is known.
  var bases: JSONValue? {
    root.map { .object([Self.baseID: .object(["uri": .string(uri(ofFolder: $0))])]) }
  }

  /// The file's `artifactLocation`.
  func location(of file: FilePath) -> JSONValue {
    if let place = places[file], place.root == root { return relative(place.path) }
    // Relative to the root, a path as given would lead elsewhere.
    let path = root == nil ? paths.given(file) : paths.absolute(file)
    return path.isAbsolute ? .object(["uri": .string("file://" + percentEncoded(path))]) : relative(path)
  }

  /// The file's name in fingerprints: the same wherever the repository lies.
  func name(of file: FilePath) -> String { (places[file]?.path ?? file).description }

  private func relative(_ path: FilePath) -> JSONValue {
    .object(["uri": .string(percentEncoded(path)), "uriBaseId": .string(Self.baseID)])
  }

  private func uri(ofFolder folder: FilePath) -> String {
    let path = "file://" + percentEncoded(folder)
    return path.hasSuffix("/") ? path : path + "/"
  }

  private func percentEncoded(_ path: FilePath) -> String {
    var encoded = ""
    for byte in path.bytes {
      switch Unicode.Scalar(byte) {
      case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~", "/": encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}

public import Foundation

/// A folder of its own for one test, removed with everything in it when the last reference goes.
public final class TemporaryFolder: Sendable {
  /// The folder itself; it exists.
  public let url: URL

  /// Makes an empty folder below the system's temporary one.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(
      path: "pmlc-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  /// The path of `name` inside the folder, there or not.
  public func path(_ name: String) -> String {
    url.appending(path: name).path(percentEncoded: false)
  }

  /// Writes `text` to `name`, making the folders on its way, and returns its path.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String {
    try write(Data(text.utf8), to: name)
  }

  /// Writes `bytes` to `name`, making the folders on its way, and returns its path.
  @discardableResult
  public func write(_ bytes: Data, to name: String) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: file)
    return file.path(percentEncoded: false)
  }

  /// Names of all regular files below `subfolder`, relative to it, in order.
  public func files(in subfolder: String = "") -> [String] {
    let root = url.appending(path: subfolder)
    guard let walk = FileManager.default.enumerator(atPath: root.path(percentEncoded: false)) else { return [] }
    var names: [String] = []
    for case let name as String in walk {
      var isFolder: ObjCBool = false
      _ = unsafe FileManager.default.fileExists(
        atPath: root.appending(path: name).path(percentEncoded: false), isDirectory: &isFolder)
      if !isFolder.boolValue { names.append(name) }
    }
    return names.sorted()
  }
}

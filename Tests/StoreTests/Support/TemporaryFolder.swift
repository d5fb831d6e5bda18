import Foundation

/// A new folder, removed with what is in it when this goes.
final class TemporaryFolder {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)").path
    makeFolder(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Path of `name` in the folder.
  func appending(_ name: String) -> String { "\(path)/\(name)" }

  /// Names of all that is in the folder.
  var names: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []) }
}

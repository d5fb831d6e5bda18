import Engine
import FileSystem
import Foundation

/// Where the small models and golden numbers lie.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures")

/// A model folder of a test's own, gone with it.
final class ModelDirectory: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: url.appending(path: name))
  }

  func link(_ name: String, to target: URL) throws {
    try FileManager.default.createSymbolicLink(at: url.appending(path: name), withDestinationURL: target)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: name))
  }

  func folder() throws -> ModelFolder { try ModelFolder(at: FilePath(url.path)) }

  func engine(threads: Int? = 2) throws -> InferenceEngine {
    try InferenceEngine(files: try folder(), threads: threads)
  }
}

extension Logits {
  /// The scores of a row, to compare.
  func row(_ row: Int) -> [Float] { self[row].indices.map { self[row][$0] } }
}

import Foundation
import TestSupport

extension TemporaryFolder {
  /// A folder with the files of the demo model, some of them in another form.
  ///
  /// - Parameter changing: texts by the names of their files.
  func modelCopy(changing texts: [String: String] = [:]) throws -> String {
    for name in ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] {
      try write(try texts[name] ?? Self.demoText(name), to: "model/\(name)")
    }
    try FileManager.default.createSymbolicLink(
      at: url.appending(path: "model/model.safetensors"),
      withDestinationURL: Self.demo.appending(path: "model.safetensors"))
    return path("model")
  }

  /// The text of one of the demo model's files.
  static func demoText(_ name: String) throws -> String {
    try String(contentsOf: demo.appending(path: name), encoding: .utf8)
  }

  private static let demo = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../Models/docqa").standardizedFileURL
}

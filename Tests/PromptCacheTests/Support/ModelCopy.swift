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

  /// A folder with the demo model, all weights of one tensor as large as halves can be.
  func modelCopy(inflating tensor: String) throws -> String {
    let path = try modelCopy()
    var bytes = [UInt8](try Data(contentsOf: Self.demo.appending(path: "model.safetensors")))
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any]
    let entry = header?[tensor] as? [String: Any]
    let offsets = (entry?["data_offsets"] as? [Int] ?? []).map { 8 + length + $0 }
    for index in stride(from: offsets.first ?? 0, to: offsets.last ?? 0, by: 2) {
      bytes[index] = 0xFF
      bytes[index + 1] = bytes[index + 1] & 0x80 | 0x7B  // its own sign
    }
    try FileManager.default.removeItem(atPath: path + "/model.safetensors")
    try Data(bytes).write(to: URL(filePath: path + "/model.safetensors"))
    return path
  }

  /// The text of one of the demo model's files.
  static func demoText(_ name: String) throws -> String {
    try String(contentsOf: demo.appending(path: name), encoding: .utf8)
  }

  private static let demo = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../Models/docqa").standardizedFileURL
}

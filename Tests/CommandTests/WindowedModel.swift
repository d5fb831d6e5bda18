import Foundation
import TestSupport

/// The demo model's weights, read as a SmolLM3 whose layers 0, 2 and 4 of five have a window of 100 positions.
enum WindowedModel {
  /// Writes the model's files to the folder `model`.
  static func write(to folder: TemporaryFolder) throws {
    let demo = URL(filePath: GoldenTests.demoModel)
    let others = #""use_sliding_window": true, "sliding_window": 100, "no_rope_layers": [1, 1, 1, 1, 1], "mlp_bias""#
    let types = (0..<5).map { $0 % 2 == 0 ? "\"sliding_attention\"" : "\"full_attention\"" }
    let config = try String(contentsOf: demo.appending(path: "config.json"), encoding: .utf8)
      .replacing("LlamaForCausalLM", with: "SmolLM3ForCausalLM")
      .replacing("\"mlp_bias\"", with: "\"layer_types\": [\(types.joined(separator: ", "))], \(others)")
    try folder.write(config, to: "model/config.json")
    for name in ["tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appending(path: "model/\(name)"), withDestinationURL: demo.appending(path: name))
    }
  }

  /// A schema with a module that is longer than the window.
  static let schema =
    "<schema name='s'><module name='m'>\(String(repeating: "Some words that a module says. ", count: 40))</module></schema>"
}

import Foundation
import Testing

/// A Llama with one layer and random weights, written by the test itself, for what is wrong with files.
struct TinyModel {
  static let hidden = 8
  static let vocabulary = 10

  /// Keys of `config.json`, JSON text each.
  var config = [
    "architectures": #"["LlamaForCausalLM"]"#, "vocab_size": "10", "hidden_size": "8", "intermediate_size": "12",
    "num_hidden_layers": "1", "num_attention_heads": "2", "num_key_value_heads": "1",
    "max_position_embeddings": "64", "tie_word_embeddings": "true", "eos_token_id": "2",
  ]
  /// Name, type as safetensors names it, shape.
  var tensors: [(name: String, type: String, shape: [Int])] = [
    ("model.embed_tokens.weight", "F32", [10, 8]), ("model.norm.weight", "F32", [8]),
    ("model.layers.0.input_layernorm.weight", "F32", [8]),
    ("model.layers.0.post_attention_layernorm.weight", "F32", [8]),
    ("model.layers.0.self_attn.q_proj.weight", "F32", [8, 8]),
    ("model.layers.0.self_attn.k_proj.weight", "F32", [4, 8]),
    ("model.layers.0.self_attn.v_proj.weight", "F32", [4, 8]),
    ("model.layers.0.self_attn.o_proj.weight", "F32", [8, 8]),
    ("model.layers.0.mlp.gate_proj.weight", "F32", [12, 8]), ("model.layers.0.mlp.up_proj.weight", "F32", [12, 8]),
    ("model.layers.0.mlp.down_proj.weight", "F32", [8, 12]),
  ]

  /// The model in a folder, its weights in a file called `name`.
  func directory() throws -> ModelDirectory {
    let model = try ModelDirectory()
    try model.write("config.json", configText)
    try model.write("tokenizer.json", "{}")
    try model.write("model.safetensors", safetensors)
    return model
  }

  var configText: String {
    "{" + config.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
  }

  /// What is done to the numbers of a tensor before they are written.
  var change: (_ name: String, _ numbers: [Float], _ shape: [Int]) -> [Float] = { _, numbers, _ in numbers }

  /// The weight file.
  var safetensors: [UInt8] {
    var header: [String] = []
    var numbers: [Float] = []
    var end = 0
    for tensor in tensors {
      let count = tensor.shape.reduce(1, *)
      let start = numbers.count
      header.append(
        "\"\(tensor.name)\": {\"dtype\": \"\(tensor.type)\", \"shape\": \(tensor.shape), "
          + "\"data_offsets\": [\(end), \(end + 4 * count)]}")
      end += 4 * count
      numbers += change(
        tensor.name, (0..<count).map { Float(($0 * 37 + start * 11) % 29 - 14) / 20 }, tensor.shape)
    }
    return Self.file(header: "{" + header.joined(separator: ", ") + "}", data: numbers)
  }

  /// A safetensors file of this header, whatever it says.
  static func file(header: String, data: [Float]) -> [UInt8] {
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(header.utf8)
      + data.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) } }
  }
}

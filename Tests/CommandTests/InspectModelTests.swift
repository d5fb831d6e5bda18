import Foundation
import TestSupport
import Testing

/// `inspect --model` without a schema: what a model is.
@Suite struct InspectModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Report: Decodable {
    let model: String
    let name: String?
    let architecture: String
    let gguf_architecture: String?
    let parameters, layers, hidden_size, feed_forward_size, query_heads, key_value_heads, head_dimension: Int
    let vocabulary_size, context_length: Int
    let windows: [Window]
    let tensors: [Format]
    let template: Template
    let begin_token: Int?
    let end_tokens: [Int]
    let states: [States]

    struct Window: Decodable, Equatable { let positions, layers: Int }
    struct Format: Decodable, Equatable {
      let name: String
      let tensors, numbers, bytes: Int
    }
    struct Template: Decodable {
      let origin: String
      let name: String?
      let system, user, assistant: [String]
      let user_after_system: [String]?
      let header: String
      let differences: [String]
    }
    struct States: Decodable, Equatable {
      let format: String
      let bytes_per_token: Int
      let past_windows: [PastWindow]
    }
    struct PastWindow: Decodable, Equatable { let tokens, bytes_per_token: Int }
  }

  private func report(_ model: String, _ options: String...) async throws -> Report {
    let run = try await PMLC.run(["inspect", "--model", model, "--json"] + options, in: folder)
    #expect(run.status == 0 && run.standardError.isEmpty, "\(run.standardError)")
    return try JSONDecoder().decode(Report.self, from: Data(run.standardOutput.utf8))
  }

  @Test func ofAFile() async throws {
    try folder.write(SmallFile().bytes, to: "m.gguf")
    let report = try await report("m.gguf")
    #expect(report.model == "m.gguf" && report.name == "Small \u{1B}[2J")
    #expect(report.architecture == "LlamaForCausalLM" && report.gguf_architecture == "llama")
    #expect(report.layers == 2 && report.hidden_size == 64 && report.feed_forward_size == 96)
    #expect(report.query_heads == 4 && report.key_value_heads == 2 && report.head_dimension == 16)
    #expect(report.vocabulary_size == 261 && report.context_length == 512 && report.windows.isEmpty)
    #expect(report.parameters == 261 * 64 + 64 * 64 + 64)
    #expect(
      report.tensors == [
        .init(name: "Q8_0", tensors: 1, numbers: 261 * 64, bytes: 261 * 2 * 34),
        .init(name: "Q4_0", tensors: 1, numbers: 64 * 64, bytes: 64 * 2 * 18),
        .init(name: "F32", tensors: 1, numbers: 64, bytes: 256),
      ])
    #expect(report.template.origin == "rendering" && report.template.name == nil)
    #expect(report.template.user == ["<user>", "</s>"] && report.template.header == "<assistant>")
    #expect(report.template.user_after_system == nil && report.template.differences.isEmpty)
    #expect(report.begin_token == 1 && report.end_tokens == [2])
    // Keys and values of 2 heads with 16 numbers in 2 layers; in q8 also scales.
    let sizes = Dictionary(uniqueKeysWithValues: report.states.map { ($0.format, $0.bytes_per_token) })
    #expect(report.states.allSatisfy { $0.past_windows.isEmpty })
    #expect(sizes["f32"] == 512 && sizes["f16"] == 256 && (sizes["q8"] ?? 0) > 128)
  }

  @Test func asTables() async throws {
    try folder.write(SmallFile().bytes, to: "m.gguf")
    let run = try await PMLC.run(["inspect", "--model", "m.gguf"], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    let lines = run.standardOutput.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    for line in [
      "name Small \\u{1b}[2J", "family LlamaForCausalLM, in GGUF `llama`",
      "heads 4, 2 for keys and values, of 16 numbers",
      "begins with `<s>` (1)", "ends with `</s>` (2)", "context 512 positions",
      "template found by rendering the model's own", "user `<user>` … `</s>`", "answer `<assistant>`",
      "Q4_0 1 4096 2.3 kB", "f16 256 bytes",
    ] {
      #expect(lines.contains(line), "\(line) is not in\n\(run.standardOutput)")
    }
  }

  @Test func ofAFolder() async throws {
    let report = try await report(GoldenTests.demoModel, "--chat-template", "chatml")
    #expect(report.architecture == "LlamaForCausalLM" && report.gguf_architecture == nil && report.name == nil)
    #expect(report.template.origin == "given" && report.template.user == ["<|im_start|>user\n", "<|im_end|>\n"])
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: GoldenTests.demoModel + "/model.safetensors")[.size] as? Int)
    let bytes = report.tensors.reduce(0) { $0 + $1.bytes }
    #expect(bytes < size && bytes > size * 9 / 10)
    #expect(!report.end_tokens.isEmpty)
  }

  /// Layers with a window keep the last tokens of a segment, so what each further one takes is told apart.
  @Test func ofAModelWithWindows() async throws {
    try WindowedModel.write(to: folder)
    let report = try await report("model")
    #expect(report.windows == [.init(positions: 100, layers: 3)])
    let half = try #require(report.states.first { $0.format == "f16" })
    // Keys and values of 2 heads with 64 numbers, in five layers, and in the two that see all.
    #expect(half.bytes_per_token == 5 * 512 && half.past_windows == [.init(tokens: 100, bytes_per_token: 2 * 512)])
    let run = try await PMLC.run(["inspect", "--model", "model"], in: folder)
    #expect(run.standardOutput.contains("STATES  A TOKEN  PAST 100"), "\(run.standardOutput)")
    #expect(run.standardOutput.contains(/f16 +2\.6 kB +1\.0 kB/), "\(run.standardOutput)")
    // The bytes of modules are those that a store gets.
    try folder.write(WindowedModel.schema, to: "s.pml")
    struct Layout: Decodable { let stored: Stored }
    struct Stored: Decodable {
      let tokens: Int
      let bytes: [String: Int]
    }
    struct Warmed: Decodable { let bytes_written: Int }
    func json<T: Decodable>(_ arguments: String..., as type: T.Type) async throws -> T {
      let run = try await PMLC.run(arguments + ["--model", "model"], environment: ["PMLC_STORE": "store"], in: folder)
      #expect(run.status == 0, "\(run.standardError)")
      return try JSONDecoder().decode(type, from: Data(run.standardOutput.utf8))
    }
    let stored = try await json("inspect", "s.pml", "--json", as: Layout.self).stored
    #expect(stored.tokens > 200 && stored.bytes["f16"].map { $0 < stored.tokens * half.bytes_per_token } == true)
    #expect(
      try await json("warm", "s.pml", "--dry-run", "--json", as: Warmed.self).bytes_written == stored.bytes["f16"])
    #expect(try await json("warm", "s.pml", "--json", as: Warmed.self).bytes_written == stored.bytes["f16"])
  }

  @Test func saysWhatTheTemplateDoesOtherwise() async throws {
    var file = SmallFile()
    file.template = "{% for m in messages | reverse %}{{ m.content }}{% endfor %}[INST]"
    try folder.write(file.bytes, to: "m.gguf")
    let found = try await report("m.gguf").template
    #expect(found.origin == "marks" && found.name == "mistral")
    #expect(found.differences == ["moves or repeats the user message"])
    let run = try await PMLC.run(["inspect", "--model", "m.gguf"], in: folder)
    #expect(run.standardOutput.contains("`mistral`, by the marks in the model's own"))
    #expect(run.standardOutput.contains("moves or repeats the user message"))
    file.template = nil
    try folder.write(file.bytes, to: "n.gguf")
    #expect(try await report("n.gguf").template.origin == "none")
    let none = try await PMLC.run(["inspect", "--model", "n.gguf"], in: folder)
    #expect(none.standardOutput.contains("none: roles add no text"))
  }

  @Test func refusesWhatItCannotShow() async throws {
    var file = SmallFile()
    file.architecture = "mamba"
    try folder.write(file.bytes, to: "m.gguf")
    let run = try await PMLC.run(["inspect", "--model", "m.gguf"], in: folder)
    #expect(run.status == 2 && run.standardError.contains("`mamba`"), "\(run.standardError)")
    try folder.write(SmallFile().bytes.prefix(300), to: "cut.gguf")
    #expect(try await PMLC.run(["inspect", "--model", "cut.gguf"], in: folder).status == 2)
    #expect(try await PMLC.run(["inspect"], in: folder).status == 64)
    #expect(try await PMLC.run(["inspect", "--model", "m.gguf", "--html", "page.html"], in: folder).status == 64)
  }
}

/// A GGUF file with a tokenizer of bytes, and three tensors of different types: all that is read of one to say what it is.
private struct SmallFile {
  var architecture = "llama"
  var template: String? =
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"

  var bytes: Data {
    let tokens = ["<unk>", "<s>", "</s>", "▁", "a"] + (0..<256).map { "<0x" + String(format: "%02X", $0) + ">" }
    let kinds: [UInt32] = [2, 3, 3, 1, 1] + Array(repeating: 6, count: 256)
    var keys: [(String, Value)] = [
      ("general.architecture", .text(architecture)), ("general.name", .text("Small \u{1B}[2J")),
      ("tokenizer.ggml.model", .text("llama")), ("tokenizer.ggml.tokens", .texts(tokens)),
      ("tokenizer.ggml.token_type", .integers(kinds)),
      ("tokenizer.ggml.scores", .numbers(Array(repeating: 0, count: tokens.count))),
      ("tokenizer.ggml.unknown_token_id", .integer(0)), ("tokenizer.ggml.bos_token_id", .integer(1)),
      ("tokenizer.ggml.eos_token_id", .integer(2)),
    ]
    for (key, value) in [
      ("embedding_length", 64), ("block_count", 2), ("feed_forward_length", 96), ("attention.head_count", 4),
      ("attention.head_count_kv", 2), ("context_length", 512),
    ] {
      keys.append(("\(architecture).\(key)", .integer(UInt32(value))))
    }
    keys.append(("\(architecture).attention.layer_norm_rms_epsilon", .number(1e-5)))
    if let template { keys.append(("tokenizer.chat_template", .text(template))) }
    // Name, sides with the row's length first, type, bytes.
    let tensors: [(String, [UInt64], UInt32, Int)] = [
      ("token_embd.weight", [64, 261], 8, 261 * 2 * 34), ("blk.0.attn_q.weight", [64, 64], 2, 64 * 2 * 18),
      ("output_norm.weight", [64], 0, 256),
    ]
    var file = Data("GGUF".utf8) + number(UInt32(3)) + number(UInt64(tensors.count)) + number(UInt64(keys.count))
    for (key, value) in keys { file += text(key) + value.bytes }
    var offset = 0
    for (name, sides, type, size) in tensors {
      file += text(name) + number(UInt32(sides.count)) + sides.reduce(Data()) { $0 + number($1) } + number(type)
      file += number(UInt64(offset))
      offset = (offset + size + 31) / 32 * 32
    }
    file += Data(count: (32 - file.count % 32) % 32 + offset)
    return file
  }

  private enum Value {
    case text(String), texts([String]), integer(UInt32), integers([UInt32]), number(Float), numbers([Float])

    /// The type's number, then the value.
    var bytes: Data {
      switch self {
      case .integer(let value): SmallFile.number(UInt32(4)) + SmallFile.number(value)
      case .number(let value): SmallFile.number(UInt32(6)) + SmallFile.number(value.bitPattern)
      case .text(let value): SmallFile.number(UInt32(8)) + SmallFile.text(value)
      case .integers(let values): list(4, values.map { SmallFile.number($0) })
      case .numbers(let values): list(6, values.map { SmallFile.number($0.bitPattern) })
      case .texts(let values): list(8, values.map { SmallFile.text($0) })
      }
    }

    private func list(_ type: UInt32, _ values: [Data]) -> Data {
      SmallFile.number(UInt32(9)) + SmallFile.number(type) + SmallFile.number(UInt64(values.count))
        + values.reduce(into: Data()) { $0 += $1 }
    }
  }

  private static func number(_ value: some FixedWidthInteger) -> Data {
    Data((0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  private static func text(_ text: String) -> Data { number(UInt64(text.utf8.count)) + Data(text.utf8) }

  private func number(_ value: some FixedWidthInteger) -> Data { Self.number(value) }
  private func text(_ text: String) -> Data { Self.text(text) }
}

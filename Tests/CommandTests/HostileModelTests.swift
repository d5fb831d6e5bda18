import Foundation
import TestSupport
import Testing

/// Models' files and templates that are meant to do harm: the program, held to little memory and a second of processor time,
/// says what is wrong.
@Suite struct HostileModelTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("<schema name=\"s\"><system>Be kind.</system><user>Who?</user></schema>", to: "s.pml")
  }

  /// Runs the program within its limits. Without optimisation it is several times as slow.
  private func limited(_ arguments: String) throws -> (status: Int32, standardError: String) {
    #if DEBUG
      let seconds = 5
    #else
      let seconds = 1
    #endif
    let run = try Shell(in: folder).run("ulimit -v 700000 -t \(seconds); exec $pmlc \(arguments)")
    return (run.status, run.standardError)
  }

  // MARK: - Templates

  private static let conversation = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"

  @Test(
    arguments: [
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
      "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
      "{% set ns = namespace(x='ab') %}{% for i in range(99999) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
      "{% for a in range(99999) %}{% set x = messages | tojson | list | sort | join | upper %}{% endfor %}",
    ])
  func templatesThatRunForEver(program: String) throws {
    try folder.write(Self.conversation + program, to: "t.jinja")
    let run = try limited("compile s.pml --chat-template t.jinja")
    #expect(run.status == 0, "\(run)")
    #expect(run.standardError.contains("PML452") && run.standardError.contains("the model's chat template "), "\(run)")
  }

  /// Every rendering takes as long as it may, and all of them together do not take a second.
  @Test(arguments: ["9000", "20000", "32000", "49000", "98000"])
  func templatesThatRunLong(count: String) throws {
    try folder.write(Self.conversation + "{% for a in range(\(count)) %}{% set x = a %}{% endfor %}", to: "t.jinja")
    #expect(try limited("compile s.pml --chat-template t.jinja").status == 0)
  }

  @Test func templatesOfAMegabyte() throws {
    for text in ["{{ x }}", "{% if x %}", "{{ [", "{#", "{% set x = 1 %}", "<|im_start|>", "{{ 'x"] {
      try folder.write(String(repeating: text, count: (1 << 20) / text.utf8.count), to: "t.jinja")
      let run = try limited("compile s.pml --chat-template t.jinja")
      #expect(run.status == 0, "\(text): \(run)")
      #expect(run.standardError.utf8.count < 10_000)
    }
  }

  // MARK: - GGUF

  private static let model: Data = {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../EngineTests/Fixtures/gguf")
    return (try? Data(contentsOf: fixtures.appending(path: "llama-f32.gguf"))) ?? Data()
  }()

  /// The file with a number of eight bytes, or four, written `distance` bytes behind the end of `text`.
  private func model(_ value: UInt64, bytes: Int = 8, behind text: String, by distance: Int) throws -> Data {
    var model = Self.model
    let start = try #require(model.firstRange(of: Data(text.utf8))).upperBound + distance
    let number = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    model.replaceSubrange(start..<start + bytes, with: number)
    return model
  }

  private func expectRefusal(_ model: Data, _ words: String, _ location: SourceLocation = #_sourceLocation) throws {
    try folder.write(model, to: "m.gguf")
    let run = try limited("check s.pml --model m.gguf")
    #expect(run.status == 2 && run.standardError.hasPrefix("pmlc: error: "), "\(run)", sourceLocation: location)
    #expect(run.standardError.contains(words), "\(run)", sourceLocation: location)
    #expect(run.standardError.utf8.count < 2_000, sourceLocation: location)
  }

  private static func bytes(_ number: some FixedWidthInteger) -> Data {
    Data((0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
  }

  private static func text(_ text: String) -> Data { bytes(UInt64(text.utf8.count)) + Data(text.utf8) }

  /// The file with a tokenizer of bytes, and this chat template.
  private static func model(template: String) -> Data {
    let tokens = Set("Be kind.Who?[]<>/systemuerantx".map(String.init)).sorted() + ["Ġ", "Ċ"]
    let texts = { (list: [String]) in bytes(UInt32(8)) + bytes(UInt64(list.count)) + Data(list.flatMap(text)) }
    let values: [(String, UInt32, Data)] = [
      ("tokenizer.ggml.model", 8, text("gpt2")), ("tokenizer.ggml.pre", 8, text("gpt-2")),
      ("tokenizer.ggml.tokens", 9, texts(tokens)), ("tokenizer.ggml.merges", 9, texts([])),
      ("tokenizer.chat_template", 8, text(template)),
    ]
    var keys = values.reduce(Data()) { $0 + text($1.0) + bytes($1.1) + $1.2 }
    // The tensors behind it begin at a multiple of 32 again.
    let filler = text("filler") + bytes(UInt32(8))
    keys += filler + text(String(repeating: "x", count: 31 - (keys.count + filler.count + 7) % 32))
    let count = model[16..<24].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } + UInt64(values.count + 1)
    return model[..<16] + bytes(count) + keys + model[24...]
  }

  /// What a GGUF file has for a template is a stranger's program too.
  @Test(arguments: ["", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "{{ x }}"])
  func templatesInGGUF(program: String) throws {
    let isLong = program == "{{ x }}"
    let template = isLong ? String(repeating: program, count: 4_000_000) : Self.conversation + program
    try folder.write(Self.model(template: template), to: "m.gguf")
    let run = try limited("compile s.pml --model m.gguf")
    #expect(run.status == 0, "\(run)")
    #expect(run.standardError.contains("the model's chat template cannot be ") == !program.isEmpty, "\(run)")
  }

  @Test(arguments: [UInt64.max, 1 << 63, 1 << 40, 1 << 20, 1_000]) func countsThatLie(count: UInt64) throws {
    // Tensors, keys, the length of a text.
    try expectRefusal(try model(count, behind: "GGUF", by: 4), "m.gguf")
    try expectRefusal(try model(count, behind: "GGUF", by: 12), "m.gguf")
    try expectRefusal(try model(count, behind: "general.architecture", by: 4), "m.gguf")
  }

  @Test(arguments: [UInt64.max, 1 << 63, 1 << 62, 1 << 40, 1 << 30]) func tensorsThatLie(number: UInt64) throws {
    // Both sides, and the offset.
    for distance in [4, 12, 24] {
      try expectRefusal(try model(number, behind: "blk.1.attn_q.weight", by: distance), "tensor `blk.1.attn_q.weight`")
    }
  }

  @Test(arguments: [UInt64(0), 1, 7, 1 << 20, 1 << 31, 0xFFFF_FFFF]) func sizesThatLie(number: UInt64) throws {
    for key in ["block_count", "embedding_length", "attention.head_count", "feed_forward_length"] {
      try expectRefusal(try model(number, bytes: 4, behind: "llama.\(key)", by: 4), "m.gguf")
    }
  }

  @Test func aFileWithoutATokenizer() throws {
    let words = "cannot read the tokenizer of m.gguf: the GGUF file has no `tokenizer.ggml.model`"
    try expectRefusal(Self.model, words)
  }

  @Test func filesThatEndTooSoon() throws {
    for count in [4, 20, 24, 100, 1_000, 2_000, Self.model.count - 1] {
      try expectRefusal(Self.model.prefix(count), "m.gguf` cannot be read as a model: it ends in the middle of")
    }
    try expectRefusal(Data(count: 1 << 20), "m.gguf` cannot be read as a model: it is not a GGUF file")
  }
}

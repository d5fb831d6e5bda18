import Foundation
import TestSupport
import Testing

/// Compact schemas: what a prompt does not import is nothing to it.
@Suite struct CompactTests {
  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try TemporaryFolder()
    store = ["PMLC_STORE": folder.path("store")]
    try folder.write(
      """
      <prompt schema="s">
        <a days="three"><n/></a> And then? <b/> <i/> What is the price? Answer:
      </prompt>
      """, to: "prompt.pml")
  }

  private func schema(_ first: String = "", _ second: String = "", length: Int = 4) -> String {
    """
    <schema name="s">
      Answer the question.
      \(first)<module name="a"> A trip of <parameter name="days" length="\(length)" scaffold="two"/> days.\
    <module name="n"> It rains.</module></module>\(second)
      <module name="b"> The price is 20.</module>
      <module name="i" attention="isolated"> The mayor of Norville is Didi.</module>
      <scaffold modules="a b"/>
    </schema>
    """
  }

  private func warm(_ schema: String, _ more: String...) async throws -> WarmResult {
    try folder.write(schema, to: "schema.pml")
    return try WarmResult(await PMLC.run(["warm", "schema.pml", "--json"] + more, environment: store, in: folder))
  }

  private func run(_ more: String...) async throws -> RunResult {
    try RunResult(
      await PMLC.run(
        ["run", "prompt.pml", "--json", "--logprobs", "3", "--max-tokens", "4"] + more, environment: store,
        in: folder))
  }

  private func logprobs(_ result: RunResult) -> [[Double]] {
    (result.logprobs ?? []).map { [$0.logprob] + $0.top.map(\.logprob) }
  }

  private static func long(_ sentences: Int) -> String {
    (0..<sentences).map { "The \($0)th harbour counted \($0 * 7) visitors." }.joined(separator: " ")
  }

  @Test func whatIsNotImportedChangesNoBit() async throws {
    let plain = try await warm(schema(), "--kv", "f32")
    let expected = try await run()
    #expect(expected.usage.cached_tokens > 20)
    let others = [
      schema("<module name=\"x\">\(Self.long(3))</module>"),
      schema("<union><module name=\"x\">\(Self.long(12))</module><module name=\"y\"/></union>", length: 900),
      schema("", (0..<9).map { "<module name=\"x\($0)\">\(Self.long($0))</module>" }.joined()),
    ]
    for other in others {
      let warmed = try await warm(other, "--kv", "f32")
      // What was there is not computed again.
      #expect(warmed.encodings.reused >= plain.encodings.computed)
      let found = try await run()
      #expect(found.usage == expected.usage && found.token_ids == expected.token_ids)
      #expect(logprobs(found) == logprobs(expected))
    }
    let full = try await run("--no-cache")
    #expect(logprobs(full) != logprobs(expected))
  }

  @Test func threeTokensMoreComputeTheirModuleAlone() async throws {
    let modules = (0..<5).map { "<module name=\"m\($0)\"> The price is \($0).</module>" }.joined()
    let text = "<schema name=\"s\">Answer.\(modules)</schema>"
    let first = try await warm(text)
    let second = try await warm(text.replacing(" is 1.", with: " is not very high: 1."))
    #expect(second.encodings == .init(reused: first.encodings.computed - 1, computed: 1))
    try folder.write(text, to: "old.pml")
    let diff = try await PMLC.run(["diff", "old.pml", "schema.pml"], environment: store, in: folder)
    #expect(diff.standardOutput.contains("text changed") && !diff.standardOutput.contains("moved"))
  }

  /// Where all that is present is certain to be there, and arguments say what their placeholders said, nothing is approximate.
  @Test func aChainIsTheBaseline() async throws {
    _ = try await warm(
      schema(Self.long(2)).replacing("<module name=\"b\">", with: "").replacing(" The price is 20.</module>", with: "")
        .replacing("<scaffold modules=\"a b\"/>", with: ""), "--kv", "f32")
    try folder.write(
      #"<prompt schema="s"><a days="two"><n/></a> What is the price? Answer:</prompt>"#, to: "prompt.pml")
    let (cached, full) = (try await run(), try await run("--no-cache"))
    #expect(cached.token_ids == full.token_ids)
    #expect(cached.usage.cached_tokens > 30)
    for (one, other) in zip(logprobs(cached).joined(), logprobs(full).joined()) { #expect(abs(one - other) < 1e-4) }
  }

  @Test func aSchemaMayBeLongerThanTheContext() async throws {
    let modules = (0..<12).map { "<module name=\"m\($0)\">\(Self.long(60))</module>" }.joined()
    try folder.write(schema("", modules), to: "schema.pml")
    let inspected = try await PMLC.run(["inspect", "schema.pml", "--json"], environment: store, in: folder)
    let layout = try JSONDecoder().decode(GoldenCase.Inspection.self, from: Data(inspected.standardOutput.utf8))
    #expect(layout.length > 9_000, "the model has 8192 positions")
    _ = try await warm(schema("", modules))
    let answer = try await run()
    #expect(answer.usage.cached_tokens > 20)
  }

  // MARK: Versions from before

  /// `Goldens/version-1.pmlc` was exported by the program as it was before schemas were compact: this one, with its states.
  private static let before = """
    <schema name="old">Answer.<module name="a"> One <parameter name="n" length="3" scaffold="two"/> three.</module>\
    <module name="b" attention="isolated"> Four.</module></schema>
    """

  @Test func versionsFromBeforeAreFixed() async throws {
    let archive = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/version-1.pmlc")
    let imported = try await PMLC.run(
      ["store", "import", archive.path(percentEncoded: false)], environment: store, in: folder)
    #expect(imported.status == 0, "\(imported.standardError)")
    try folder.write(#"<prompt schema="old"><a n="five"/><b/> Go:</prompt>"#, to: "prompt.pml")
    let answer = try await run()
    #expect(answer.usage == .init(prompt_tokens: 17, cached_tokens: 12, exact_tokens: 5, completion_tokens: 4))
    // What that program answered, on one CPU.
    #expect(Array(answer.token_ids.prefix(3)) == [364, 81, 1271])
    for (found, expected) in zip(answer.logprobs ?? [], [-0.11119, -0.00316, -2.49406]) {
      #expect(abs(found.logprob - expected) < 1e-2)
    }
    let fixed = try await warm(Self.before.replacing("<schema ", with: #"<schema positions="fixed" "#), "--kv", "q8")
    #expect(fixed.version == 1 && fixed.encodings == .init(reused: 5, computed: 0))
    let compact = try await warm(Self.before, "--kv", "q8")
    #expect(compact.version == 2 && compact.hash != fixed.hash)
    // Nothing lies behind a gap but ` three.`, whose placeholder was filled up.
    #expect(compact.encodings == .init(reused: 4, computed: 1))
  }
}

import Foundation
import TestSupport
import Testing

/// Joint encodings, by the commands.
@Suite struct JointCommandTests {
  private let folder: TemporaryFolder
  private static let schema = """
    <schema name="s">Answer.<module name="a"> The mayor of Norville is <parameter name="p" length="9"/>.</module>\
    <module name="b" attention="isolated"> The mayor of Kadale is Taki.</module>\
    <module name="c"> The price is 20.</module></schema>
    """

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(Self.schema, to: "schema.pml")
    for (name, references) in [
      ("ab", #"<a p="Didi"/><b/>"#), ("abc", #"<a p="Didi"/><b/><c/>"#), ("other", #"<a p="Taki"/><b/><c/>"#),
      ("c", "<c/>"),
    ] {
      try folder.write(
        #"<prompt schema="s">\#(references) Question: Who is the mayor of Kadale? Answer:</prompt>"#, to: "\(name).pml")
    }
  }

  private func pmlc(_ arguments: String..., store: String = "store") async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path(store)], in: folder)
  }

  private func answer(_ prompt: String, _ options: String..., store: String = "store") async throws -> RunResult {
    try RunResult(
      await PMLC.run(
        ["run", prompt, "--json", "--logprobs", "3", "--max-tokens", "4"] + options,
        environment: ["PMLC_STORE": folder.path(store)], in: folder))
  }

  private func warm(_ options: String..., store: String = "store") async throws -> JointWarmResult {
    let run = try await PMLC.run(
      ["warm", "schema.pml", "--kv", "f32", "--json"] + options, environment: ["PMLC_STORE": folder.path(store)],
      in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    return try JSONDecoder().decode(JointWarmResult.self, from: Data(run.standardOutput.utf8))
  }

  private func expectSame(_ one: RunResult, _ other: RunResult) {
    #expect(one.token_ids == other.token_ids)
    #expect(one.logprobs != nil && one.logprobs?.map(\.logprob) == other.logprobs?.map(\.logprob))
  }

  /// Offline, from sample prompts; then answers are those of plain inference, and those in common were computed once.
  @Test func madeOffline() async throws {
    let forecast = try await warm("--joint", "ab.pml", "--joint", "abc.pml", "--joint", "other.pml", "--dry-run")
    let made = try await warm("--joint", "ab.pml", "--joint", "abc.pml", "--joint", "other.pml")
    // Of `a p b` and `c` of one chain, and the same of another argument: the argument, what is behind it in `a`, b, c.
    #expect(made.joint?.combinations == 2 && made.joint?.computed == 8)
    #expect(forecast.joint?.computed == 8 && forecast.joint?.tokens_computed == made.joint?.tokens_computed)
    #expect(forecast.joint?.bytes_written == made.joint?.bytes_written)
    let again = try await warm("--joint", "abc.pml")
    #expect(again.joint?.computed == 0 && again.version == made.version)
    for prompt in ["ab.pml", "abc.pml", "other.pml"] {
      let cached = try await answer(prompt)
      #expect(cached.usage.exact_tokens == cached.usage.cached_tokens)
      // To the bit.
      expectSame(cached, try await answer(prompt, "--no-cache"))
      let plain = try await answer(prompt, "--joint", "off")
      #expect(plain.usage.exact_tokens < plain.usage.cached_tokens)
    }
    let asked = try await pmlc("warm", "schema.pml", "--kv", "f32", "--joint", "ab.pml")
    #expect(asked.standardOutput.contains("s: joint encodings of 1 combinations: "), "\(asked.standardOutput)")
    let wrong = try await pmlc("warm", "schema.pml", "--joint", "schema.pml")
    #expect(wrong.status == 1 && wrong.standardError.contains("error[PML"))
  }

  /// The bits of an encoding do not depend on which prompt it was made for, or in how many runs.
  @Test func madeOnDemandInAnyOrder() async throws {
    _ = try await warm("--joint", "abc.pml", store: "whole")
    _ = try await warm(store: "parts")
    for prompt in ["other.pml", "ab.pml", "abc.pml"] {
      let made = try await answer(prompt, "--joint", "make", store: "parts")
      #expect(made.usage.exact_tokens == made.usage.cached_tokens)
    }
    expectSame(try await answer("abc.pml", store: "parts"), try await answer("abc.pml", store: "whole"))
    // With the schema's file and no version; what the chain stands for is not computed besides.
    let made = try await answer("abc.pml", "--schema", "schema.pml", "--kv", "f32", "--joint", "make", store: "file")
    expectSame(made, try await answer("abc.pml", store: "whole"))
    #expect(try await pmlc("store", "stat", "--json", store: "file").standardOutput.contains("\"blobs\":35"))
  }

  @Test func killedAnywhere() async throws {
    let store = ["PMLC_STORE": folder.path("killed")]
    let clock = ContinuousClock()
    let start = clock.now
    _ = try await warm("--joint", "abc.pml", "--joint", "other.pml", store: "whole")
    let duration = clock.now - start
    for arguments in [
      ["warm", "schema.pml", "--kv", "f32", "--joint", "abc.pml", "--joint", "other.pml"],
      ["run", "abc.pml", "--joint", "make", "--schema", "schema.pml", "--kv", "f32"],
    ] {
      for _ in 0..<4 {
        let running = try PMLC.start(arguments, environment: store, in: folder)
        try await Task.sleep(for: duration * Double.random(in: 0...1))
        running.kill()
        _ = try await running.finish()
      }
    }
    let made = try await warm("--joint", "abc.pml", "--joint", "other.pml", store: "killed")
    #expect((made.joint?.computed ?? 0) + (made.joint?.reused ?? 0) == 11)
    for prompt in ["abc.pml", "other.pml"] {
      expectSame(try await answer(prompt, store: "killed"), try await answer(prompt, store: "whole"))
    }
    #expect(try await pmlc("store", "verify", store: "killed").status == 0)
    // Whatever was interrupted, all of it is described.
    let combinations = try await pmlc("store", "ls", "--joint", "--json", store: "killed").standardOutput
    #expect(combinations.components(separatedBy: "\"is_whole\":true").count == 3, "\(combinations)")
  }

  /// A damaged one is named, others are used in its place, and making it again mends it.
  @Test func damaged() async throws {
    _ = try await warm()
    let plain = try await answer("abc.pml")
    let made = try await answer("abc.pml", "--joint", "make")
    let data = URL(filePath: folder.path("store/data.mdb"))
    var bytes = try Data(contentsOf: data)
    let starts = stride(from: 16, to: bytes.count, by: 4096).filter { bytes[$0..<$0 + 4].elementsEqual("PCKV".utf8) }
    bytes[try #require(starts.last) + 1000] ^= 8
    try bytes.write(to: data)
    let found = try await pmlc("store", "verify")
    #expect(found.status == 1)
    #expect(found.standardOutput.contains("joint encoding of schema `s` for "), "\(found.standardOutput)")

    let run = try await pmlc("run", "abc.pml", "--json", "--logprobs", "3", "--max-tokens", "4")
    #expect(
      run.standardError.contains("pmlc: warning: a joint encoding of schema `s` is not used"), "\(run.standardError)")
    let answered = try RunResult(run)
    #expect(
      answered.usage.exact_tokens < made.usage.exact_tokens && answered.usage.exact_tokens >= plain.usage.exact_tokens)
    expectSame(try await answer("abc.pml", "--joint", "make"), made)
    #expect(try await pmlc("store", "verify").status == 0)
  }

  @Test func shown() async throws {
    _ = try await warm("--joint", "abc.pml")
    let table = try await pmlc("store", "ls", "--joint").standardOutput
    let names = ["schema text", "module `a`", "`p` of module `a`", "module `a`", "module `b`", "module `c`"]
    #expect(table.replacing(#/ \(\d+\)/#, with: "").contains(names.joined(separator: ", ")), "\(table)")
    let versions = try await pmlc("store", "ls").standardOutput
    #expect(versions.contains("1 joint"))
    // Both name the model alike.
    let rows = [versions, table].map { $0.split(separator: "\n").dropFirst().first?.split(separator: " ") ?? [] }
    // An ID stands in front of the combination's.
    let models = [rows[0].first, rows[1].dropFirst().first]
    #expect(models[0] != nil && models[0] == models[1], "\(models)")
    let inspected = try await pmlc("inspect", "schema.pml", "--joint")
    #expect(inspected.standardOutput.hasSuffix(table), "\(inspected.standardOutput)")
    let json = try await pmlc("inspect", "schema.pml", "--joint", "--json").standardOutput
    #expect(json.contains(#""joint":[{"bytes":"#), "\(json)")
    #expect(try await !pmlc("inspect", "schema.pml", "--json").standardOutput.contains(#""joint""#))
    let none = try await pmlc("inspect", "schema.pml", "--joint", store: "none")
    #expect(none.status == 0 && none.standardOutput.hasSuffix("\nno joint encodings\n"))
    // What an argument says is not told.
    #expect(!table.contains("Didi") && !json.contains("Didi"))
  }

  /// Combinations of the same modules, with other arguments and new text, are told apart.
  @Test func theirIDsTellThemApart() async throws {
    _ = try await warm("--joint", "abc.pml", "--joint", "other.pml")
    let table = try await pmlc("store", "ls", "--joint").standardOutput.split(separator: "\n")
    #expect(table.first?.hasPrefix("ID ") == true && table.first?.hasSuffix("COMBINATION (TOKENS)") == true)
    let ids = table.dropFirst().compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(ids.count == 2 && Set(ids).count == 2 && ids.allSatisfy { $0.count == 12 }, "\(table)")
    struct Combination: Decodable { let encoding: String, parts: [String], part_tokens: [Int], tokens: Int }
    let json = try await pmlc("store", "ls", "--joint", "--json").standardOutput
    let combinations = try JSONDecoder().decode([Combination].self, from: Data(json.utf8))
    #expect(combinations.map { String($0.encoding.prefix(12)) } == ids)
    for combination in combinations {
      #expect(combination.parts.count == combination.part_tokens.count)
      #expect(combination.part_tokens.reduce(0, +) == combination.tokens)
    }
  }

  /// What is listed as a size counts pages, which says so.
  @Test func sizesSayWhatTheyCount() async throws {
    _ = try await warm()
    #expect(try await pmlc("store", "ls").standardOutput.contains("  ON DISK  "))
    #expect(try await pmlc("store", "stat").standardOutput.contains("  ON DISK\n"))
    let help = try await pmlc("store", "ls", "--help").standardOutput
    #expect(help.contains("ON DISK counts the whole pages"), "\(help)")
  }

  @Test func wrongUses() async throws {
    _ = try await warm()
    for arguments in [["run", "ab.pml", "--joint", "make", "--no-cache"], ["run", "ab.pml", "--joint", "sometimes"]] {
      let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(run.status == 64, "\(run.standardError)")
    }
    // Text that no version knows.
    let run = try await pmlc("run", "ab.pml", "--joint", "make", store: "nowhere")
    #expect(run.status == 2 && run.standardError.contains("pmlc store ls") || run.standardError.contains("no store"))
  }
}

/// What `pmlc warm --joint … --json` prints of one schema.
private struct JointWarmResult: Decodable {
  struct Joint: Decodable {
    let combinations: Int
    let reused: Int
    let computed: Int
    let tokens_computed: Int
    let bytes_written: Int
  }

  let version: Int?
  let joint: Joint?
}

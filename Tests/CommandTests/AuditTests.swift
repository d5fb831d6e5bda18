import Foundation
import TestSupport
import Testing

/// `pmlc audit`.
@Suite struct AuditTests {
  /// What `pmlc audit --json` prints of one prompt.
  private struct Report: Decodable {
    let prompt: String
    let schema: String
    let kv: String
    let passed: Bool
    let prompt_tokens: Int
    let cached_tokens: Int
    let positions: Int
    let kl: Divergence
    let agreement: Double
    let cached: Answer
    let baseline: Answer

    struct Divergence: Decodable {
      let mean: Double
      let max: Double
    }

    struct Answer: Decodable, Equatable {
      let text: String
      let token_ids: [Int]
      let finish_reason: String
    }
  }

  /// A module's share in a report or a summary.
  private struct Module: Decodable {
    let path: String
    let tokens: Int?
    let prompts: Int?
    let gain: Double
    let misses: [Missed]?

    struct Missed: Decodable {
      let path: String?
      let parameter: String?
      let loss: Double
    }
  }

  /// What it prints of one prompt with `--by-module`.
  private struct Causes: Decodable {
    let kl: Report.Divergence
    let positions_kl: Report.Divergence?
    let by_module: [Module]
  }

  /// What it prints of all prompts, last.
  private struct Summary: Decodable {
    let prompts: Int
    let kl: Report.Divergence
    let worst: String
    let agreement: Double
    let equal_answers: Double
    let passed: Bool
    let by_module: [Module]?
    let verdict: Verdict

    struct Verdict: Decodable {
      let faithful: Bool
      let `try`: [Advice]
    }

    struct Advice: Decodable, Equatable {
      let kind: String
      var schema: String?
      var module: String?
      var modules: [String]?
      var parameter: String?
      var share: Double?
    }
  }

  private static let vocabulary = 2048

  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try Documents.folder()
    // A union and a parameter: positions with gaps, so that the cache has something to change.
    try folder.write(
      """
      <schema name="gaps">
        <module name="person">The mayor of Kadale is Tolva Bremmer.</module>
        <union>
          <module name="short">Kadale lies by the sea.</module>
          <module name="long">Kadale lies in the hills, far from every road, and trains stop there on Sundays.</module>
        </union>
        <module name="ask"><param name="what" length="12"/></module>
      </schema>
      """, to: "gaps.pml")
    try folder.write(
      #"<prompt schema="gaps"><person/><short/><ask what="the mayor"/> Question: Who is it? Answer:</prompt>"#,
      to: "gaps-prompt.pml")
    store = ["PMLC_STORE": folder.path("store")]
  }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: store, in: folder)
  }

  /// What is printed of each prompt.
  private func reports<Report: Decodable>(_ run: PMLC.Result, as type: Report.Type = Report.self) throws -> [Report] {
    try run.standardOutput.split(separator: "\n").dropLast().map {
      try JSONDecoder().decode(Report.self, from: Data($0.utf8))
    }
  }

  private func summary(_ run: PMLC.Result) throws -> Summary {
    let last = try #require(run.standardOutput.split(separator: "\n").last)
    return try JSONDecoder().decode(Summary.self, from: Data(last.utf8))
  }

  /// Audits prompts that import all modules of a schema, one for each question.
  private func audit(
    _ schema: String, importing references: String, _ questions: [String], _ options: String...
  ) async throws -> PMLC.Result {
    try folder.write("<schema name=\"d\">Answer the question from the documents.\(schema)</schema>", to: "d.pml")
    var prompts: [String] = []
    for (index, question) in questions.enumerated() {
      prompts.append("d\(index).pml")
      try folder.write(
        "<prompt schema=\"d\">\(references)\n\nQuestion: \(question)\nAnswer:</prompt>", to: prompts[index])
    }
    let run = try await PMLC.run(
      ["audit", "--schema", "d.pml", "--max-tokens", "12"] + options + prompts, environment: store, in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    return run
  }

  /// Documents as the model knows them.
  private static let worbi = """
    <module name="worbi">\n\n# Worbi\nThe Worbi is one of our products. The Worbi's colour is bright turquoise. The Worbi costs 149 \
    euros. The Worbi has a warranty of 6 years.\n</module>
    """
  private static let dripin = """
    <module name="dripin">\n\n# Dripin\nThe Dripin is new in the shop. The Dripin comes in the colour crimson. The price of the \
    Dripin is 820 euros.\n</module>
    """
  /// One sentence in two modules: the second begins with what the first asks for.
  private static let hall = """
    <module name="hall">\n\n# Fentro Hall\nFentro Hall is a modern site. Fentro Hall has 9 floors. The caretaker of Fentro Hall \
    is</module><module name="caretaker"> Zogo Kusum. The car park of Fentro Hall has 264 spaces.</module>
    """

  private func answer(_ options: String...) async throws -> RunResult {
    try RunResult(
      try await PMLC.run(
        ["run", "gaps-prompt.pml", "--schema", "gaps.pml", "--logprobs", "\(Self.vocabulary)"] + options,
        environment: store, in: folder))
  }

  /// Σ p · ln(p / q).
  private func divergence(_ p: RunResult.Entry, _ q: RunResult.Entry) -> Double {
    let other = Dictionary(uniqueKeysWithValues: q.top.map { ($0.token_id, $0.logprob) })
    return p.top.reduce(0) { $0 + exp($1.logprob) * ($1.logprob - (other[$1.token_id] ?? .nan)) }
  }

  @Test(arguments: ["f16", "q8"])
  func agreesWithWhatRunsReport(kv: String) async throws {
    let audit = try await pmlc(
      "audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--kv", kv, "--max-tokens", "1", "--json")
    #expect(audit.status == 0, "\(audit.standardError)")
    let report = try #require(try reports(audit, as: Report.self).first)
    let cached = try await answer("--kv", kv, "--max-tokens", "1")
    let baseline = try await answer("--no-cache", "--max-tokens", "1")
    let (p, q) = (try #require(baseline.logprobs?.first), try #require(cached.logprobs?.first))
    #expect(p.top.count == Self.vocabulary)
    let expected = divergence(p, q)
    #expect(expected > 1e-6)
    #expect(abs(report.kl.mean - expected) < 1e-5 + 1e-3 * expected)
    #expect(report.kl.max == report.kl.mean && report.positions == 1)
    #expect(report.agreement == (p.top.first?.token_id == q.top.first?.token_id ? 1 : 0))
    #expect(report.cached.token_ids == cached.token_ids && report.cached.text == cached.text)
    #expect(report.baseline.token_ids == baseline.token_ids && report.baseline.text == baseline.text)
    #expect(report.cached.finish_reason == "length" && report.baseline.finish_reason == "length")
    #expect(report.prompt_tokens == cached.usage.prompt_tokens && report.cached_tokens == cached.usage.cached_tokens)
    #expect(report.cached_tokens > 0 && report.kv == kv && report.schema == "gaps" && report.passed)
  }

  @Test func answersAreThoseOfRuns() async throws {
    let audit = try await pmlc("audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--max-tokens", "40", "--json")
    let report = try #require(try reports(audit, as: Report.self).first)
    let cached = try await answer("--max-tokens", "40")
    let baseline = try await answer("--no-cache", "--max-tokens", "40")
    #expect(report.cached.token_ids == cached.token_ids && report.cached.text == cached.text)
    #expect(report.cached.finish_reason == cached.finish_reason)
    #expect(report.baseline.token_ids == baseline.token_ids && report.baseline.text == baseline.text)
    #expect(report.baseline.finish_reason == baseline.finish_reason)
    // The end of an answer is expected too.
    let ends = baseline.finish_reason == "stop" ? 1 : 0
    #expect(report.positions == baseline.token_ids.count + ends)
  }

  @Test func whereEachSeesWhatItSeesInThePromptNothingChanges() async throws {
    try folder.write(
      #"<schema name="one">Answer.<module name="a"> One.<module name="n"> Nested.</module></module></schema>"#,
      to: "one.pml")
    try folder.write(#"<prompt schema="one"><a><n/></a> Go:</prompt>"#, to: "one-prompt.pml")
    let audit = try await pmlc(
      "audit", "one-prompt.pml", "one-prompt.pml", "--schema", "one.pml", "--kv", "f32", "--max-tokens", "8", "--json",
      "--max-kl", "1e-6", "--min-agreement", "1")
    #expect(audit.status == 0, "\(audit.standardError)")
    let found = try reports(audit, as: Report.self)
    #expect(found.count == 2)
    for report in found {
      #expect(report.kl.max < 1e-6 && report.agreement == 1 && report.cached == report.baseline)
    }
  }

  @Test func boundsDecideTheExitStatus() async throws {
    let within = try await pmlc(
      "audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--max-kl", "100", "--min-agreement", "0")
    #expect(within.status == 0, "\(within.standardError)")
    #expect(within.standardOutput.contains("divergence") && within.standardOutput.contains("uncached"))
    // The first warmed the states that these need.
    let audit = try await pmlc("audit", "gaps-prompt.pml", "--schema", "gaps.pml", "--max-kl", "0", "--json")
    #expect(audit.status == 1)
    #expect(audit.standardError.contains("`gaps-prompt.pml`: divergence of"))
    #expect(try reports(audit, as: Report.self).map(\.passed) == [false])
  }

  // Where it comes from

  @Test func aPlantedDependenceIsFoundByName() async throws {
    let run = try await audit(
      Self.worbi + Self.hall + Self.dripin, importing: "<worbi/><hall/><caretaker/><dripin/>",
      ["Who is the caretaker of Fentro Hall?"], "--by-module", "--json")
    let report = try #require(try reports(run, as: Causes.self).first)
    #expect(report.kl.mean > 0.5)
    let modules = report.by_module
    #expect(Set(modules.map(\.path)) == ["hall", "caretaker", "dripin"])
    #expect(modules.map(\.gain) == modules.map(\.gain).sorted(by: >))
    // Nearly all of it is the one module's, and what it misses is the other.
    let costliest = try #require(modules.first)
    #expect(costliest.path == "caretaker" && costliest.gain > 0.9 * report.kl.mean)
    let misses = try #require(costliest.misses)
    #expect(Set(misses.map(\.path)) == ["worbi", "hall"])
    #expect(misses.first?.path == "hall" && (misses.first?.loss ?? 0) > 0.9 * report.kl.mean)
    #expect(abs(misses.last?.loss ?? 1) < 0.01)
    #expect(modules.dropFirst().allSatisfy { $0.misses?.isEmpty == true })

    let summary = try summary(run)
    #expect(!summary.verdict.faithful && summary.equal_answers == 0)
    #expect(summary.by_module?.first?.path == "caretaker")
    #expect(
      summary.verdict.try == [
        Summary.Advice(kind: "scaffold", schema: "d", modules: ["hall", "caretaker"]), Summary.Advice(kind: "joint"),
        Summary.Advice(kind: "repair", share: 0.3),
      ])
    // What it says helps.
    let mended = try await audit(
      Self.worbi + Self.hall + Self.dripin + "<scaffold modules=\"hall caretaker\"/>",
      importing: "<worbi/><hall/><caretaker/><dripin/>", ["Who is the caretaker of Fentro Hall?"], "--json")
    #expect(try self.summary(mended).verdict.faithful)
  }

  @Test func independentModulesPass() async throws {
    let run = try await audit(
      Self.worbi + Self.dripin, importing: "<worbi/><dripin/>",
      ["How much does the Dripin cost?", "What is the colour of the Worbi?"], "--by-module", "--json", "--max-kl",
      "0.01", "--min-agreement", "1")
    let summary = try summary(run)
    #expect(summary.prompts == 2 && summary.passed)
    #expect(summary.verdict.faithful && summary.verdict.try == [])
    #expect(summary.equal_answers == 1 && summary.agreement == 1)
    #expect(summary.kl.max < 0.01)
    #expect(try reports(run, as: Causes.self).allSatisfy { $0.by_module.allSatisfy { abs($0.gain) < 0.01 } })
  }

  @Test func whatAllIsSummedUpOf() async throws {
    let questions = ["Who is the caretaker of Fentro Hall?", "How much does the Dripin cost?"]
    let references = "<worbi/><hall/><caretaker/><dripin/>"
    let json = try await audit(
      Self.worbi + Self.hall + Self.dripin, importing: references, questions, "--json")
    let (found, summary) = (try reports(json, as: Report.self), try summary(json))
    #expect(abs(summary.kl.mean - (found[0].kl.mean + found[1].kl.mean) / 2) < 1e-12)
    #expect(summary.kl.max == found[0].kl.mean && summary.worst == "d0.pml")
    #expect(abs(summary.agreement - (found[0].agreement + found[1].agreement) / 2) < 1e-12)
    #expect(summary.equal_answers == 0.5 && summary.by_module == nil)
    // Nobody has looked where it comes from.
    #expect(summary.verdict.try.map(\.kind) == ["joint", "repair", "by_module"])
    let repaired = try await audit(
      Self.worbi + Self.hall + Self.dripin, importing: references, [questions[0]], "--json", "--repair", "0.02")
    #expect(try self.summary(repaired).verdict.try.map(\.kind) == ["joint"])
    let text = try await audit(
      Self.worbi + Self.hall + Self.dripin, importing: references, questions, "--by-module")
    for line in [
      "`caretaker` computed anew", "the same without `hall` in sight", "2 prompts", "1 of 2 the same", "(d0.pml)",
      "verdict: answers are not those of plain inference", "try making `hall` in `d` text of the schema itself",
      "try --joint make",
    ] {
      #expect(text.standardOutput.contains(line), "\(line): \(text.standardOutput)")
    }
  }

  @Test func whatAllPromptsHaveMayBeTextOfTheSchema() async throws {
    let questions = ["Who is the caretaker of Fentro Hall?", "How many floors has Fentro Hall?"]
    let run = try await audit(
      Self.hall + Self.dripin, importing: "<hall/><caretaker/>", questions, "--by-module", "--json")
    let advice = Summary.Advice(kind: "own_text", schema: "d", module: "hall")
    #expect(try summary(run).verdict.try.first == advice)
    // Of one prompt nobody can say what others have.
    let one = try await audit(
      Self.hall + Self.dripin, importing: "<hall/><caretaker/>", [questions[0]], "--by-module", "--json")
    #expect(try summary(one).verdict.try.first?.kind == "scaffold")
  }

  @Test func whatIsNotKeptIsInNoScaffold() async throws {
    let run = try await audit(
      Self.hall.replacing("name=\"hall\"", with: "name=\"hall\" cache=\"false\""), importing: "<hall/><caretaker/>",
      ["Who is the caretaker of Fentro Hall?"], "--by-module", "--json")
    #expect(try reports(run, as: Causes.self).first?.by_module.first?.misses?.first?.path == "hall")
    #expect(try !summary(run).verdict.try.contains { $0.kind == "scaffold" })
  }

  @Test func exactStatesHaveNoCauses() async throws {
    let run = try await audit(
      Self.worbi + Self.hall, importing: "<worbi/><hall/><caretaker/>", ["Who is the caretaker of Fentro Hall?"],
      "--by-module", "--joint", "make", "--json")
    #expect(try reports(run, as: Causes.self).map(\.by_module.count) == [0])
    #expect(try summary(run).verdict.faithful)
  }

  @Test func argumentsAndEmptyPositionsAreNamed() async throws {
    try folder.write(
      #"<prompt schema="city"><city place="Norville"/> Question: Who is the mayor of Norville? Answer:</prompt>"#,
      to: "city-prompt.pml")
    for isFixed in [false, true] {
      try folder.write(
        """
        <schema name="city" positions="\(isFixed ? "fixed" : "compact")">Answer the question from the documents.
          <module name="city">
            # City
            The mayor of <parameter name="place" length="40" scaffold="Kadale"/> is Tolva Bremmer. The town has a river.
          </module>
        </schema>
        """, to: "city.pml")
      let run = try await pmlc(
        "audit", "city-prompt.pml", "--schema", "city.pml", "--max-tokens", "8", "--by-module", "--json")
      #expect(run.status == 0, "\(run.standardError)")
      let causes = try #require(try reports(run, as: Causes.self).first)
      // What empty positions cost is left if all else is computed anew.
      #expect((causes.positions_kl != nil) == isFixed)
      let city = try #require(causes.by_module.first)
      #expect(abs(causes.kl.mean - city.gain - (causes.positions_kl?.mean ?? 0)) < 0.01)
      #expect(city.gain > 0.5 && causes.by_module.count == 1)
      let missed = try #require(city.misses)
      #expect(missed.map(\.parameter) == ["place"] && missed.map(\.path) == ["city"])
      #expect((missed.first?.loss ?? 0) > 0.5)
      #expect(
        try summary(run).verdict.try.first
          == Summary.Advice(kind: "placeholder", schema: "city", module: "city", parameter: "place"))
    }
  }

  /// Where few tokens are not exact, all of them are to be computed again: a share would cost as much.
  @Test func aFewTokensAreRepairedAltogether() async throws {
    try folder.write(
      """
      <schema name="city">Answer the question from the documents.
        <module name="city">
          # City
          The mayor of <parameter name="place" length="40" scaffold="Kadale"/> is Tolva Bremmer.
        </module>
      </schema>
      """, to: "city.pml")
    try folder.write(
      #"<prompt schema="city"><city place="Norville"/> Question: Who is the mayor of Norville? Answer:</prompt>"#,
      to: "city-prompt.pml")
    let arguments = ["audit", "city-prompt.pml", "--schema", "city.pml", "--max-tokens", "8"]
    let found = try await PMLC.run(arguments + ["--json"], environment: store, in: folder)
    let verdict = try summary(found).verdict
    #expect(!verdict.faithful)
    #expect(verdict.try.first { $0.kind == "repair" }?.share == 1, "\(verdict)")
    let text = try await PMLC.run(arguments, environment: store, in: folder).standardOutput
    #expect(text.contains("try --repair 1, for first uses: at most "), "\(text)")
    #expect(text.contains(" nats in the mean, more than 0.01\n"), "\(text)")
    // What it says helps.
    let repaired = try await PMLC.run(
      arguments + ["--repair", "1", "--kv", "f32", "--json"], environment: store, in: folder)
    #expect(try summary(repaired).verdict.faithful && summary(repaired).kl.max < 1e-4)
  }

  @Test func theNewestVersionIsUsedWithoutASchema() async throws {
    let none = try await pmlc("audit", "prompt.pml")
    #expect(none.status == 2)
    _ = try WarmResult(try await pmlc("warm", "gaps.pml", "--kv", "q8", "--json"))
    _ = try WarmResult(try await pmlc("warm", "schema.pml", "--json"))
    let audit = try await pmlc("audit", "prompt.pml", "gaps-prompt.pml", "--max-tokens", "2", "--json")
    #expect(audit.status == 0, "\(audit.standardError)")
    #expect(try reports(audit, as: Report.self).map { "\($0.schema) \($0.kv)" } == ["s f16", "gaps q8"])
  }

  @Test func wrongOptionsAndPromptsAreRefused() async throws {
    for options in [["--max-kl", "-1"], ["--min-agreement", "1.5"], ["--max-tokens", "0"]] {
      let run = try await PMLC.run(["audit", "prompt.pml"] + options, environment: store, in: folder)
      #expect(run.status == 64)
    }
    try folder.write(#"<prompt schema="s"><x/></prompt>"#, to: "wrong.pml")
    let wrong = try await pmlc("audit", "prompt.pml", "wrong.pml", "--schema", "schema.pml", "--json")
    #expect(wrong.status == 1 && wrong.standardOutput.isEmpty)
    #expect(wrong.standardError.contains("wrong.pml:1:21: error[PML302]"))
    #expect(folder.files(in: "store").isEmpty)
  }
}

import ArgumentParser
import CommandSupport
import Foundation
import PromptCache

struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare answers from the store's states with those of plain inference.",
    discussion: """
      Each prompt is answered with the likeliest tokens, as `run --no-cache` does. Along that answer, the distributions \
      of the next token are compared with those that the store's states give: how far apart they are (Kullback-Leibler \
      divergence, in nats), and how often the likeliest token is the same. With a bound, the exit status is 1 if a \
      prompt is past it. Schemas are found as by `run`.

      The verdict at the end says whether answers are those of plain inference, but for little (at most 0.01 nats), and \
      what to try if they are not. --by-module finds out where the divergence comes from: it computes each module anew, \
      in its place and with all in sight that stands in front of it, and sees by how much the divergence falls. Of the \
      costliest one it says what it misses most. That takes a pass for each module.
      """)

  @Argument(help: ArgumentHelp("Prompts.", valueName: "prompt"))
  var prompts: [FilePath]

  @OptionGroup var askOption: AskOption
  @OptionGroup var options: PromptOptions

  @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of each answer at most.", valueName: "n"))
  var maxTokens = 64

  @Option(
    name: .customLong("max-kl"), parsing: .unconditional,
    help: ArgumentHelp("A prompt's mean divergence at most, in nats.", valueName: "x"))
  var maximumDivergence: Double?

  @Option(
    name: .customLong("min-agreement"), parsing: .unconditional,
    help: ArgumentHelp("A prompt's share of equal likeliest tokens at least, 0 to 1.", valueName: "y"))
  var minimumAgreement: Double?

  @Flag(help: "Find the modules whose states cost most, and what the costliest misses.")
  var byModule = false

  @Flag(help: "Print one JSON object a prompt and one for all of them, a line each.")
  var json = false

  func validate() throws {
    try (prompts + [options.schema].compactMap { $0 }).validateInputs()
    if byModule, options.repair ?? 0 > 0 { throw ValidationError("--by-module does not go with --repair") }
    if maxTokens < 1 { throw ValidationError("--max-tokens takes 1 or more") }
    if let maximumDivergence, !(maximumDivergence >= 0) { throw ValidationError("--max-kl takes 0 or more") }
    if let minimumAgreement, !(0...1).contains(minimumAgreement) {
      throw ValidationError("--min-agreement takes 0 to 1")
    }
  }

  func run() async throws {
    // Whatever is wrong with a prompt shows before the first answer.
    let asked = try Questions(prompts, options, turns: askOption.turns)
    var failures: [String] = []
    var audits: [(report: AuditReport, schema: PlannedSchema)] = []
    for (index, question) in asked.questions.enumerated() {
      let report = try await asked.session.audit(
        question.prompt, of: question.schema, joint: asked.joint, repair: repair(of: question.prompt),
        byModule: byModule,
        maximumTokens: maxTokens)
      audits.append((report, question.prompt.schema))
      let found = bounds(passedBy: report)
      let audited = AuditedPrompt(
        prompt: question.path, schema: question.schema.schema.name, kv: question.schema.element.rawValue,
        passed: found.isEmpty, report: report)
      if json {
        try Results.json(audited)
      } else {
        try Results.text((index == 0 ? "" : "\n") + audited.text)
      }
      failures += found.map { "`\(question.path)`: \($0)" }
    }
    let summary = AuditedPrompts(
      summary: AuditSummary(of: audits), paths: asked.questions.map(\.path), passed: failures.isEmpty)
    if json { try Results.json(summary) } else { try Results.text("\n" + summary.text) }
    asked.session.recordUses()
    for failure in failures { Notes.line("pmlc: \(failure)") }
    if !failures.isEmpty { throw ExitCode.badInput }
  }

  /// States are looked at as they are where their causes are wanted.
  private func repair(of prompt: PlannedPrompt) -> Double {
    byModule ? 0 : CacheSession.repair(options.repair, for: prompt)
  }

  /// The bounds that a report is past, in words.
  private func bounds(passedBy report: AuditReport) -> [String] {
    var failures: [String] = []
    if let maximumDivergence, report.divergence.mean > maximumDivergence {
      failures.append("divergence of \(report.divergence.mean) nats, more than \(maximumDivergence)")
    }
    if let minimumAgreement, report.agreement < minimumAgreement {
      failures.append("agreement of \(report.agreement), less than \(minimumAgreement)")
    }
    return failures
  }
}

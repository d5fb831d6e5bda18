import ArgumentParser
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
      """)

  @Argument(help: ArgumentHelp("Prompts.", valueName: "prompt"))
  var prompts: [FilePath]

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

  @Flag(help: "Print one JSON object a prompt, a line each.")
  var json = false

  func validate() throws {
    try (prompts + [options.schema].compactMap { $0 }).validateInputs()
    if maxTokens < 1 { throw ValidationError("--max-tokens takes 1 or more") }
    if let maximumDivergence, !(maximumDivergence >= 0) { throw ValidationError("--max-kl takes 0 or more") }
    if let minimumAgreement, !(0...1).contains(minimumAgreement) {
      throw ValidationError("--min-agreement takes 0 to 1")
    }
  }

  func run() async throws {
    // Whatever is wrong with a prompt shows before the first answer.
    let asked = try Questions(prompts, options)
    var failures: [String] = []
    for (index, question) in asked.questions.enumerated() {
      let report = try await asked.session.audit(
        question.prompt, of: question.schema, joint: asked.joint, maximumTokens: maxTokens)
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
    asked.session.recordUses()
    for failure in failures { Notes.line("pmlc: \(failure)") }
    if !failures.isEmpty { throw ExitCode.badInput }
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

/// One prompt's report, with what it is of and how it was judged.
private struct AuditedPrompt: Encodable {
  let prompt: String
  let schema: String
  let kv: String
  /// Whether it is within the bounds, or there are none.
  let passed: Bool
  let report: AuditReport

  private enum CodingKeys: String, CodingKey {
    case prompt, schema, kv, passed
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(prompt, forKey: .prompt)
    try container.encode(schema, forKey: .schema)
    try container.encode(kv, forKey: .kv)
    try container.encode(passed, forKey: .passed)
    try report.encode(to: encoder)
  }

  /// The report for people, some lines.
  var text: String {
    let agreeing = Int((report.agreement * Double(report.positions)).rounded())
    var text = """
      \(prompt): \(report.promptTokens) tokens, \(report.cachedTokens) of them cached (\(kv)), \(report.exactTokens) exact
        divergence  mean \(number(report.divergence.mean)), at most \(number(report.divergence.greatest)) nats, over \
      \(report.positions) positions
        likeliest   the same at \(agreeing) of \(report.positions)
        cached      \(indented(report.cached.text))

      """
    if report.cached.tokens == report.baseline.tokens {
      text += "  uncached    the same\n"
    } else {
      text += "  uncached    \(indented(report.baseline.text))\n"
    }
    return text
  }

  private func number(_ value: Double) -> String { String(format: "%.3g", value) }

  /// An answer's further lines under its first.
  private func indented(_ answer: String) -> String {
    answer.split(separator: "\n", omittingEmptySubsequences: false).joined(
      separator: "\n" + String(repeating: " ", count: 14))
  }
}

import Foundation
import PromptCache

/// The summary of an audit, with the prompts that it is of.
struct AuditedPrompts: Encodable {
  let summary: AuditSummary
  /// Paths of the prompts.
  let paths: [String]
  /// Whether all are within the bounds, or there are none.
  let passed: Bool

  private enum CodingKeys: String, CodingKey {
    case passed, worst
  }

  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(passed, forKey: .passed)
    // By its path, where the summary has a number.
    try container.encode(paths[summary.worst], forKey: .worst)
  }

  /// The summary for people: nothing of one prompt but the verdict.
  var text: String {
    var text = ""
    if summary.prompts > 1 {
      let equal = Int((summary.equalAnswers * Double(summary.prompts)).rounded())
      text += """
        \(summary.prompts) prompts
          divergence  mean \(nats(summary.divergence.mean)) nats, worst \(nats(summary.divergence.greatest)) \
        (\(paths[summary.worst]))
          likeliest   the same at \(String(format: "%.1f", 100 * summary.agreement)) %
          answers     \(equal) of \(summary.prompts) the same

        """
      if let modules = summary.modules?.prefix(10), !modules.isEmpty {
        for (index, module) in modules.enumerated() {
          text += (index == 0 ? "  by module   " : String(repeating: " ", count: 14))
          text += "\(module.path.shown) computed anew: \(nats(abs(module.gain))) \(module.gain < 0 ? "more" : "less"), "
          text += "in \(module.prompts) prompt\(module.prompts == 1 ? "" : "s")\n"
        }
      }
    }
    return text + verdict
  }

  private var verdict: String {
    let verdict = summary.verdict
    let little = nats(AuditVerdict.littleDivergence)
    let finding =
      switch verdict.reason {
      case nil: "answers are those of plain inference, but for \(little) nats at most in the mean"
      case .divergence(let mean):
        "answers are not those of plain inference: \(nats(mean)) nats in the mean, more than \(little)"
      case .answers(let different, let count, let mean):
        "answers are not all those of plain inference: \(different) of \(count) \(different == 1 ? "differs" : "differ"), "
          + "though it is \(nats(mean)) nats in the mean"
      }
    var lines = ["verdict: " + finding]
    lines += verdict.advice.map { "  try " + $0.text }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension AuditVerdict.Advice {
  /// What to do, in words of the command line.
  fileprivate var text: String {
    switch self {
    case .compactPositions(let schema):
      "leaving out `positions=\"fixed\"` in `\(schema)`: empty positions cost this model dear"
    case .context(let schema, let module):
      "`attention=\"context\"` \(module == .root ? "" : "on \(module.shown) ")in `\(schema)`"
    case .ownText(let schema, let module):
      "making \(module.shown) in `\(schema)` text of the schema itself, outside a module: all these prompts have it, and what stands "
        + "behind it would see it"
    case .scaffold(let schema, let modules):
      "`<scaffold modules=\"\(modules.map(\.description).joined(separator: " "))\"/>` in `\(schema)`: "
        + "the second needs the first"
    case .placeholder(let schema, let module, let parameter):
      "a `scaffold` text for parameter `\(parameter)` of \(module.shown) in `\(schema)` that is more like its arguments, or the "
        + "parameter at the end of its module"
    case .order(let schema, let module):
      "moving text of \(module.shown) in `\(schema)` that stands behind modules ahead of them, or into the prompts"
    case .joint:
      "--joint make: from a combination's second prompt on, its states are those of plain inference"
    case .repair(let share, let tokens):
      share == 1
        ? "--repair 1, for first uses: at most \(counted(tokens, "cached token")) of a prompt \(tokens == 1 ? "is" : "are") not "
          + "exact; computed again, \(tokens == 1 ? "it answers" : "they answer") as plain inference does"
        : "--repair \(share), for first uses: what a prompt attends to most is computed again"
    case .byModule: "--by-module, which finds the modules that cost most"
    }
  }
}

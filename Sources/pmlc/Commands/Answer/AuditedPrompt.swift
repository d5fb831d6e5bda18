import Foundation
import PromptCache

/// One prompt's report, with what it is of and how it was judged.
struct AuditedPrompt: Encodable {
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
        divergence  mean \(nats(report.divergence.mean)), at most \(nats(report.divergence.greatest)) nats, over \
      \(report.positions) positions
        likeliest   the same at \(agreeing) of \(report.positions)
        cached      \(indented(report.cached.text))

      """
    if report.answersTheSame {
      text += "  uncached    the same\n"
    } else {
      text += "  uncached    \(indented(report.baseline.text))\n"
    }
    return text + (report.causes.map { causes(in: $0) } ?? "")
  }

  /// Modules shown at most: the costliest.
  private static let mostModules = 10

  private func causes(in causes: AuditCauses) -> String {
    var lines: [String] = []
    if let positions = causes.positions {
      lines.append("empty positions alone: \(nats(positions.mean)) nats")
    }
    if causes.modules.isEmpty { lines.append("all states are exact") }
    for module in causes.modules.prefix(Self.mostModules) {
      lines.append(
        "\(module.path.shown) computed anew (\(module.tokens) tokens): \(nats(module.divergence.mean)) nats, "
          + "\(nats(abs(module.gain))) \(module.gain < 0 ? "more" : "less")")
      for missed in module.misses.prefix(3) where missed.loss > 0 {
        lines.append("  the same without \(missed.shown) in sight: \(nats(missed.loss)) more")
      }
    }
    if causes.modules.count > Self.mostModules {
      lines.append("and \(causes.modules.count - Self.mostModules) more")
    }
    return lines.enumerated().map { index, line in
      (index == 0 ? "  by module   " : String(repeating: " ", count: 14)) + line + "\n"
    }.joined()
  }

  /// An answer's further lines under its first.
  private func indented(_ answer: String) -> String {
    answer.split(separator: "\n", omittingEmptySubsequences: false).joined(
      separator: "\n" + String(repeating: " ", count: 14))
  }
}

/// A divergence, or a difference of two, in three digits.
func nats(_ value: Double) -> String { String(format: "%.3g", value) }

extension ModulePath {
  /// As `inspect` calls it.
  var shown: String { self == .root ? "(schema)" : "`\(description)`" }
}

extension AuditCauses.Missed {
  /// In words.
  fileprivate var shown: String {
    guard let path else { return "the new text" }
    return parameter.map { "the argument `\($0)` of `\(path)`" } ?? path.shown
  }
}

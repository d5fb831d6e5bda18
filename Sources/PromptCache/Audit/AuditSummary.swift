public import PMLCompiler

/// What the cache changes about the answers to several prompts.
public struct AuditSummary: Encodable, Sendable {
  /// A module's part in the divergence, over all prompts that have it.
  public struct Module: Encodable, Sendable {
    /// The schema's name.
    public let schema: String
    /// The module; the root for the schema's own text.
    public let path: ModulePath
    /// Prompts in which its states were not exact.
    public let prompts: Int
    /// By how much the mean divergence falls if its states are computed anew: the mean over these prompts.
    public let gain: Double

    private enum CodingKeys: String, CodingKey {
      case schema, path, prompts, gain
    }

    /// Writes the path as text.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(schema, forKey: .schema)
      try container.encode(path.description, forKey: .path)
      try container.encode(prompts, forKey: .prompts)
      try container.encode(gain, forKey: .gain)
    }
  }

  /// Number of prompts.
  public let prompts: Int
  /// Of the prompts' mean divergences the mean, and the greatest.
  public let divergence: AuditReport.Divergence
  /// Index of the prompt with the greatest mean divergence.
  public let worst: Int
  /// The mean of the prompts' shares of equal likeliest tokens.
  public let agreement: Double
  /// The share of prompts, 0 to 1, whose answer is the baseline's, token for token.
  public let equalAnswers: Double
  /// Modules by their gain, the costliest first; `nil` if no report looks for causes.
  public let modules: [Module]?
  /// What to try.
  public let verdict: AuditVerdict

  private enum CodingKeys: String, CodingKey {
    case prompts
    case divergence = "kl"
    case worst, agreement
    case equalAnswers = "equal_answers"
    case modules = "by_module"
    case verdict
  }

  /// The summary of these reports, in their order.
  ///
  /// - Precondition: there is one or more.
  public init(of audits: [(report: AuditReport, schema: PlannedSchema)]) {
    precondition(!audits.isEmpty, "no prompts")
    let count = Double(audits.count)
    prompts = audits.count
    divergence = AuditReport.Divergence(audits.map(\.report.divergence.mean))
    worst =
      audits.indices.max { audits[$0].report.divergence.mean < audits[$1].report.divergence.mean } ?? 0
    agreement = audits.reduce(0) { $0 + $1.report.agreement } / count
    equalAnswers = Double(audits.count { $0.report.answersTheSame }) / count
    modules = Self.modules(of: audits)
    verdict = AuditVerdict(on: audits, divergence: divergence.mean)
  }

  private static func modules(of audits: [(report: AuditReport, schema: PlannedSchema)]) -> [Module]? {
    struct Key: Hashable {
      let schema: String
      let path: ModulePath
    }
    guard audits.contains(where: { $0.report.causes != nil }) else { return nil }
    var gains: [Key: [Double]] = [:]
    var order: [Key] = []
    for (report, schema) in audits {
      for module in report.causes?.modules ?? [] {
        let key = Key(schema: schema.name, path: module.path)
        if gains[key] == nil { order.append(key) }
        gains[key, default: []].append(module.gain)
      }
    }
    // Stable: of equal gains, the first that was met.
    return order.compactMap { key in
      gains[key].map { gains in
        Module(
          schema: key.schema, path: key.path, prompts: gains.count, gain: gains.reduce(0, +) / Double(gains.count))
      }
    }.sorted { $0.gain > $1.gain }
  }
}

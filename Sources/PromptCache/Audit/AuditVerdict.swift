public import PMLCompiler

/// Whether the cache changes answers, and what to try if it does.
public struct AuditVerdict: Encodable, Sendable {
  /// A change to a schema, or to how it is used.
  public enum Advice: Hashable, Sendable {
    /// Lay the schema out without empty positions.
    case compactPositions(schema: String)
    /// Let an isolated module see what stands around it.
    case context(schema: String, module: ModulePath)
    /// Make a module that all prompts import text of the schema, which others see.
    case ownText(schema: String, module: ModulePath)
    /// Encode two modules together.
    case scaffold(schema: String, modules: [ModulePath])
    /// Give a parameter a placeholder that is like its arguments, or put it at the end of its module.
    case placeholder(schema: String, module: ModulePath, parameter: String)
    /// Move text of a module (the root: the schema) that stands behind others ahead of them, or into the prompts.
    case order(schema: String, module: ModulePath)
    /// Encode the prompts' chains jointly.
    case joint
    /// Compute this share of the cached tokens that are not exact again at each request; at most so many tokens of a prompt are
    /// not.
    case repair(share: Double, tokens: Int)
    /// Look for the modules that cost most.
    case byModule
  }

  /// Whether answers are those of plain inference, but for little: the mean divergence is at most `littleDivergence`, and
  /// all of them are the same, or made from exact states, whose rounding may still decide between two tokens.
  public let isFaithful: Bool
  /// Why they are not: `nil` where they are.
  public let reason: Reason?
  /// What to try, the most promising first.
  public let advice: [Advice]

  /// What makes answers other than those of plain inference.
  public enum Reason: Hashable, Sendable {
    /// The mean divergence is more than little.
    case divergence(Double)
    /// The mean divergence is little, but so many of the answers are other ones all the same.
    case answers(different: Int, of: Int, divergence: Double)
  }

  /// A mean divergence, in nats, that is worth no change by itself.
  public static let littleDivergence = 0.01
  /// The share of a divergence from which on a cause is named.
  private static let causeShare = 0.2
  /// Causes named at most.
  private static let mostCauses = 3
  /// The share to compute again where all would be too much.
  private static let usualShare = 0.3
  /// So few tokens cost about what one does: the weights are read once for them.
  private static let fewTokens = 16

  private enum CodingKeys: String, CodingKey {
    case isFaithful = "faithful"
    case advice = "try"
  }

  init(on audits: [(report: AuditReport, schema: PlannedSchema)], divergence: Double) {
    reason = Self.reason(audits.map(\.report), divergence: divergence)
    isFaithful = reason == nil
    guard !isFaithful else {
      advice = []
      return
    }
    var tally: [Advice: Double] = [:]
    let always = Dictionary(grouping: audits, by: \.schema.name).mapValues { audits in
      // One prompt says nothing about others.
      audits.count < 2
        ? [] : audits.dropFirst().reduce(audits[0].report.imported) { $0.intersection($1.report.imported) }
    }
    for (report, schema) in audits {
      guard let causes = report.causes else { continue }
      let total = report.divergence.mean
      if let positions = causes.positions, positions.mean >= total * Self.causeShare {
        tally[.compactPositions(schema: schema.name), default: 0] += positions.mean
      }
      for module in causes.modules where module.gain >= max(total * Self.causeShare, Self.littleDivergence / 10) {
        for (advice, gain) in Self.advice(on: module, of: schema, always: always[schema.name] ?? []) {
          tally[advice, default: 0] += gain
        }
      }
    }
    let named = tally.sorted { ($0.value, "\($1.key)") > ($1.value, "\($0.key)") }.prefix(Self.mostCauses).map(\.key)
    let inexact = audits.map(\.report).filter { $0.inexactTokens > 0 }
    let isUnexamined = audits.allSatisfy { $0.report.causes == nil }
    let isRepaired = audits.contains { $0.report.repair > 0 }
    let general: [Advice] =
      [.joint] + (isRepaired ? [] : [Self.repair(inexact)] + (isUnexamined ? [.byModule] : []))
    advice = named + (inexact.isEmpty ? [] : general)
  }

  private static func reason(_ reports: [AuditReport], divergence: Double) -> Reason? {
    // A divergence that is no number is not little.
    guard divergence <= littleDivergence else { return .divergence(divergence) }
    let different = reports.count { !$0.answersTheSame && $0.inexactTokens > 0 }
    return different == 0 ? nil : .answers(different: different, of: reports.count, divergence: divergence)
  }

  /// How much to compute again.
  ///
  /// A share of the tokens takes a pass of the new text over three fifths of the layers first, to find out which; all of them
  /// take none. So all of them cost no more as long as seven tenths of them, which the share spares, are at most three fifths
  /// of the new ones.
  private static func repair(_ reports: [AuditReport]) -> Advice {
    let takesAll = reports.allSatisfy { report in
      report.inexactTokens <= fewTokens
        || Double(report.inexactTokens) * (1 - usualShare) <= Double(report.promptTokens - report.cachedTokens) * 0.6
    }
    return .repair(share: takesAll ? 1 : usualShare, tokens: reports.map(\.inexactTokens).max() ?? 0)
  }

  /// What helps against a module's cost, with how much of it that may take away.
  ///
  /// - Parameter always: the modules that all prompts import.
  private static func advice(
    on module: AuditCauses.Module, of schema: PlannedSchema, always: Set<ModulePath>
  ) -> [(Advice, Double)] {
    let layout = schema.plan.layout
    guard let index = layout.module(at: module.path) else { return [] }
    let isIsolated = layout.modules[index].attention == .isolated
    let missed = module.misses.first.flatMap { $0.loss >= module.gain * causeShare ? $0 : nil }
    if let missed, let parameter = missed.parameter, let path = missed.path {
      // Of another module beside it not even the placeholder is seen.
      return module.path.isWithin(path)
        ? [(.placeholder(schema: schema.name, module: path, parameter: parameter), module.gain)] : []
    }
    if let path = missed?.path, path != .root, module.path != .root, !module.path.isWithin(path),
      !path.isWithin(module.path), let other = layout.module(at: path).map({ layout.modules[$0] })
    {
      if always.contains(path), other.parent == 0, other.union == nil, !isIsolated {
        return [(.ownText(schema: schema.name, module: path), module.gain)]
      }
      // What is not kept cannot be encoded together with anything.
      return other.isCached ? [(.scaffold(schema: schema.name, modules: [path, module.path]), module.gain)] : []
    }
    if isIsolated { return [(.context(schema: schema.name, module: module.path), module.gain)] }
    return hasTextBehindModules(index, schema)
      ? [(.order(schema: schema.name, module: module.path), module.gain)] : []
  }

  /// Whether text of the document, and not only of a role's template, stands in a module behind others.
  private static func hasTextBehindModules(_ module: Int, _ schema: PlannedSchema) -> Bool {
    let layout = schema.plan.layout
    let runs = schema.schema.textRuns
    let isModule = { (content: SchemaLayout.Content) in if case .module = content { true } else { false } }
    return layout.modules[module].content.drop { !isModule($0) }.contains { content in
      guard case .item(.segment(let segment)) = content, case .text(let run) = layout.segments[segment].kind
      else { return false }
      return runs.indices.contains(run) && runs[run].origin == .document
    }
  }
}

extension AuditVerdict.Advice: Encodable {
  private enum CodingKeys: String, CodingKey {
    case kind, schema, module, modules, parameter, share
  }

  /// Writes `kind` and what it is about.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .compactPositions(let schema):
      try container.encode("compact", forKey: .kind)
      try container.encode(schema, forKey: .schema)
    case .context(let schema, let module):
      try container.encode("context", forKey: .kind)
      try container.encode(schema, forKey: .schema)
      try container.encode(module.description, forKey: .module)
    case .ownText(let schema, let module):
      try container.encode("own_text", forKey: .kind)
      try container.encode(schema, forKey: .schema)
      try container.encode(module.description, forKey: .module)
    case .scaffold(let schema, let modules):
      try container.encode("scaffold", forKey: .kind)
      try container.encode(schema, forKey: .schema)
      try container.encode(modules.map(\.description), forKey: .modules)
    case .placeholder(let schema, let module, let parameter):
      try container.encode("placeholder", forKey: .kind)
      try container.encode(schema, forKey: .schema)
      try container.encode(module.description, forKey: .module)
      try container.encode(parameter, forKey: .parameter)
    case .order(let schema, let module):
      try container.encode("order", forKey: .kind)
      try container.encode(schema, forKey: .schema)
      try container.encode(module.description, forKey: .module)
    case .joint: try container.encode("joint", forKey: .kind)
    case .repair(let share, _):
      try container.encode("repair", forKey: .kind)
      try container.encode(share, forKey: .share)
    case .byModule: try container.encode("by_module", forKey: .kind)
    }
  }
}

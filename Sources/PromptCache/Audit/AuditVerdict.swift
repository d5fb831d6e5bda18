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
    /// Compute a share of the tokens again at each request.
    case repair
    /// Look for the modules that cost most.
    case byModule
  }

  /// Whether answers are those of plain inference, but for little: the mean divergence is at most `littleDivergence`, and
  /// all of them are the same, or made from exact states, whose rounding may still decide between two tokens.
  public let isFaithful: Bool
  /// What to try, the most promising first.
  public let advice: [Advice]

  /// A mean divergence, in nats, that is worth no change by itself.
  public static let littleDivergence = 0.01
  /// The share of a divergence from which on a cause is named.
  private static let causeShare = 0.2
  /// Causes named at most.
  private static let mostCauses = 3

  private enum CodingKeys: String, CodingKey {
    case isFaithful = "faithful"
    case advice = "try"
  }

  init(on audits: [(report: AuditReport, schema: PlannedSchema)], divergence: Double) {
    isFaithful =
      divergence <= Self.littleDivergence
      && audits.allSatisfy { $0.report.answersTheSame || $0.report.exactTokens == $0.report.cachedTokens }
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
    let hasInexact = audits.contains { $0.report.exactTokens < $0.report.cachedTokens }
    let isUnexamined = audits.allSatisfy { $0.report.causes == nil }
    let isRepaired = audits.contains { $0.report.repair > 0 }
    let general: [Advice] = [.joint] + (isRepaired ? [] : [.repair] + (isUnexamined ? [.byModule] : []))
    advice = named + (hasInexact ? general : [])
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
    case kind, schema, module, modules, parameter
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
    case .repair: try container.encode("repair", forKey: .kind)
    case .byModule: try container.encode("by_module", forKey: .kind)
    }
  }
}

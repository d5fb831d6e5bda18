internal import Engine
internal import KVCacheFormat
internal import PMLCompiler

/// Finds the modules whose states an answer's divergence comes from, by computing one after the other anew.
struct ModuleAudit {
  /// A module's parts of the prompt that are read from the store and have not seen all in front of them.
  private struct Group {
    /// Index in the layout.
    let module: Int
    var parts: [Int] = []
  }

  /// What a module's states may not have seen.
  private enum Source: Hashable {
    /// A module's own text: index in the layout.
    case module(Int)
    /// An argument or default: index of the parameter.
    case argument(Int)
    /// New text between references.
    case newText
  }

  private let session: CacheSession
  private let layout: PromptLayout
  private let plan: EncodingPlan
  private let found: FoundStates
  private let comparison: AnswerComparison

  init(
    _ session: CacheSession, _ layout: PromptLayout, _ schema: PlannedSchema, _ found: FoundStates,
    _ comparison: AnswerComparison
  ) {
    self.session = session
    self.layout = layout
    plan = schema.plan
    self.found = found
    self.comparison = comparison
  }

  /// What a cached answer's divergence comes from.
  ///
  /// - Parameter divergence: the mean of it.
  func causes(of divergence: Double) async throws(PromptCacheError) -> AuditCauses {
    let groups = groups
    let prompts = groups.map { group in
      var states = found.states
      for part in group.parts { states[part] = nil }
      return found.replacing(states).prompt(layout)
    }
    var modules: [(cause: AuditCauses.Module, group: Group)] = []
    for (group, result) in zip(groups, try await comparison.divergences(of: prompts)) {
      let cause = AuditCauses.Module(
        path: plan.layout.modules[group.module].path,
        tokens: group.parts.reduce(0) { $0 + layout.reusableCount(of: $1) }, divergence: result,
        gain: divergence - result.mean)
      modules.append((cause, group))
    }
    // Stable: of equal gains, the first in the prompt.
    modules.sort { $0.cause.gain > $1.cause.gain }
    if let costliest = modules.first, costliest.cause.gain > 0 {
      modules[0].cause.misses = try await misses(of: costliest.group, costliest.cause)
    }
    return AuditCauses(modules: modules.map(\.cause), positions: try await positions)
  }

  /// In order of the prompt.
  private var groups: [Group] {
    var groups: [Group] = []
    var places: [Int: Int] = [:]
    for (index, part) in layout.parts.enumerated() {
      guard case .schema(let item) = part.content, let states = found.states[index], !states.isExact else { continue }
      let module = plan.layout.module(of: item)
      let place = places[module] ?? groups.count
      if place == groups.count { groups.append(Group(module: module)) }
      places[module] = place
      groups[place].parts.append(index)
    }
    return groups
  }

  /// With everything computed at the prompt's positions, where these are not the baseline's.
  private var positions: AuditReport.Divergence? {
    get async throws(PromptCacheError) {
      var next = 0
      let isGapless = layout.parts.allSatisfy { part in
        defer { next += part.tokens.count }
        return part.start == next
      }
      guard !isGapless || layout.nextPosition != next else { return nil }
      let prompt = found.replacing(layout.parts.map { _ in nil }).prompt(layout)
      return try await comparison.divergences(of: [prompt]).first
    }
  }

  /// What a module misses, the most missed first.
  private func misses(
    of group: Group, _ cause: AuditCauses.Module
  ) async throws(PromptCacheError) -> [AuditCauses.Missed] {
    let sources = unseenSources(of: group)
    var prompts: [ReadyPrompt] = []
    for source in sources { prompts.append(try computed(group, without: source)) }
    return zip(sources, try await comparison.divergences(of: prompts)).map { source, result in
      missed(source, loss: result.mean - cause.divergence.mean)
    }.sorted { $0.loss > $1.loss }
  }

  private func missed(_ source: Source, loss: Double) -> AuditCauses.Missed {
    switch source {
    case .module(let module):
      AuditCauses.Missed(path: plan.layout.modules[module].path, parameter: nil, loss: loss)
    case .argument(let index):
      AuditCauses.Missed(
        path: plan.layout.modules[plan.layout.parameters[index].module].path,
        parameter: plan.layout.parameters[index].name, loss: loss)
    case .newText:
      AuditCauses.Missed(path: nil, parameter: nil, loss: loss)
    }
  }

  /// What stands in front of a module's last text, and was not seen by all of its texts behind it.
  private func unseenSources(of group: Group) -> [Source] {
    var sources: [Source] = []
    var known: Set<Source> = []
    for part in group.parts {
      guard let encoding = layout.parts[part].encoding else { continue }
      let seen = Set(plan.context(of: plan.encodings[encoding]).map { plan.encodings[$0.encoding].item })
      for ahead in layout.parts.indices.prefix(part) {
        guard let source = source(of: ahead), !sees(seen, part: ahead), !group.parts.contains(ahead) else { continue }
        if known.insert(source).inserted { sources.append(source) }
      }
    }
    return sources
  }

  /// What a part of the prompt is to those behind it; `nil` for BOS, which attention rests on.
  private func source(of part: Int) -> Source? {
    switch layout.parts[part].content {
    case .schema(.segment(let index)):
      plan.layout.segments[index].kind == .beginOfSequence ? nil : .module(plan.layout.segments[index].module)
    case .schema(.parameter(let index)): .argument(index)
    case .schema(.restToken): nil
    case .newText, .ending: .newText
    }
  }

  /// Whether a part is among what was seen: a placeholder counts for an argument that says the same.
  private func sees(_ seen: Set<SchemaLayout.Item>, part: Int) -> Bool {
    guard case .schema(let item) = layout.parts[part].content else { return false }
    return seen.contains(item) && plan.layout.encodedTokens(of: item) == layout.parts[part].tokens
  }

  /// The prompt with a module's states computed anew with all in sight that stands in front of it, but one thing.
  ///
  /// What is in front of that moves up to it, so that it leaves no gap.
  private func computed(_ group: Group, without source: Source) throws(PromptCacheError) -> ReadyPrompt {
    var states = found.states
    var seen = found.states
    for part in layout.parts.indices.prefix((group.parts.last ?? -1) + 1) {
      let isAnew = group.parts.contains(part)
      guard isAnew || seen[part] == nil else { continue }
      let computed = try encode(part, seeing: seen, without: isAnew ? source : nil)
      seen[part] = computed
      if isAnew { states[part] = computed }
    }
    return found.replacing(states).prompt(layout)
  }

  private func encode(
    _ part: Int, seeing states: [StoredStates?], without source: Source?
  ) throws(PromptCacheError) -> StoredStates {
    var context: [AttendedSegment] = []
    var leftOut = 0
    for ahead in layout.parts.indices.prefix(part).reversed() {
      let (tokens, start) = (layout.parts[ahead].tokens, layout.parts[ahead].start)
      if let source, self.source(of: ahead) == source {
        leftOut += tokens.count
      } else if let seen = states[ahead] {
        context.append(AttendedSegment(seen.segment, place: start + leftOut, encodedAt: seen.encodedAt))
      }
    }
    let (tokens, start) = (layout.parts[part].tokens, layout.parts[part].start)
    let encoding = InferenceEngine.Encoding(
      tokens: tokens, positions: tokens.indices.map { Int32(start + $0) }, context: context.reversed(),
      isExtended: layout.isExtended)
    let engine = try session.engine
    let segment = try withEngineErrors { () throws(EngineError) in
      try engine.encode([encoding])[0].segment(element: .f32)
    }
    return StoredStates(key: nil, segment: segment, encodedAt: start, isExact: false)
  }
}

internal import Engine
internal import KVCacheFormat
internal import PMLCompiler

extension CacheSession {
  /// A prompt some of whose cached tokens are computed again, those that its new text attends to most.
  ///
  /// - Parameters:
  ///   - layout: the prompt.
  ///   - schema: the one that it is laid on.
  ///   - found: the states of its parts.
  ///   - share: how much of what is not exact, more than 0, up to 1.
  ///   - place: where it is found out which.
  func repair(
    _ layout: PromptLayout, of schema: PlannedSchema, _ found: FoundStates, share: Double, _ place: EncodingTerms.Place
  ) throws(PromptCacheError) -> ReadyPrompt {
    let engine = try engine
    var parts: [Int] = []
    var segments: [(attended: Int, segment: RepairChoice.Segment)] = []
    var attended = 0
    for (part, stored) in found.states.enumerated() {
      guard let stored else { continue }
      if !stored.isExact, let module = schema.module(of: layout.parts[part]) {
        parts.append(part)
        segments.append(
          (
            attended,
            RepairChoice.Segment(
              module: module, count: layout.reusableCount(of: part),
              computableAlone: engine.tokensComputableAlone(of: stored.segment))
          ))
      }
      attended += 1
    }
    var choice = RepairChoice(share, of: segments.map(\.segment))
    if choice.isOpen {
      let measure = try measure(found, layout, place, segments)
      choice.spend(byModules: measure.modules, tokens: measure.tokens)
    }
    let again = Dictionary(uniqueKeysWithValues: zip(parts, choice.ranges))
    return found.prompt(layout, again: again, isExactAgain: share == 1)
  }

  /// What the prompt's new text attends to of each document that it imports, by path (`RepairMeasure`).
  ///
  /// - Parameters:
  ///   - prompt: with the documents to compare.
  ///   - schema: how the states are kept.
  ///   - place: where it is computed.
  func measureModules(
    _ prompt: PlannedPrompt, of schema: WarmedSchema, _ place: EncodingTerms.Place
  ) throws(PromptCacheError) -> [ModulePath: Double] {
    let layout = prompt.layout
    let found = try states(for: layout, of: prompt.schema, element: schema.element, joint: false)
    let documents = Dictionary(
      prompt.documents.map { (prompt.schema.plan.layout.module(at: $0.path) ?? 0, $0.path) },
      uniquingKeysWith: { first, _ in first })
    var segments: [(attended: Int, segment: RepairChoice.Segment)] = []
    var attended = 0
    for (part, stored) in found.states.enumerated() where stored != nil {
      if let module = prompt.schema.module(of: layout.parts[part]), documents[module] != nil {
        let count = layout.reusableCount(of: part)
        segments.append((attended, RepairChoice.Segment(module: module, count: count, computableAlone: 0..<count)))
      }
      attended += 1
    }
    let measure = try measure(found, layout, place, segments)
    return Dictionary(
      measure.modules.compactMap { module, mass in documents[module].map { ($0, mass) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Asks the prompt's new text what it attends to, in one pass over the states as they are.
  private func measure(
    _ found: FoundStates, _ layout: PromptLayout, _ place: EncodingTerms.Place,
    _ segments: [(attended: Int, segment: RepairChoice.Segment)]
  ) throws(PromptCacheError) -> RepairMeasure {
    let (prompt, rows, worker) = (found.prompt(layout), layout.rowsToAsk(found.states), try worker(place))
    let input = InferenceEngine.Input(
      sequence: SequenceState(attending: prompt.attended, isExtended: prompt.isExtended), tokens: prompt.tokens,
      positions: prompt.positions, logits: .none)
    let mass = try worker.measure(
      input, layers: RepairMeasure.layers(of: worker.engine.configuration.kvLayers),
      rows: [rows.question, rows.before], renewing: found.snapshot)
    return RepairMeasure(mass, hasBefore: !rows.before.isEmpty, of: segments)
  }
}

extension PlannedSchema {
  /// Index of the module whose text a part is; `nil` for new text.
  fileprivate func module(of part: PromptLayout.Part) -> Int? {
    guard case .schema(let item) = part.content else { return nil }
    return plan.layout.module(of: item)
  }
}

extension PromptLayout {
  /// Which of the tokens that are computed, where these states were found, are asked what they attend to.
  fileprivate func rowsToAsk(_ states: [StoredStates?]) -> RepairMeasure.Rows {
    var (question, template): (Range<Int>?, Range<Int>?)
    var row = 0
    for index in parts.indices {
      let part = parts[index]
      let count = part.tokens.count - (states[index] == nil ? 0 : reusableCount(of: index))
      let rows = row..<row + count
      switch part.content {
      case .ending(.template) where question == nil: template = (template?.lowerBound ?? row)..<rows.upperBound
      case .ending: question = (question?.lowerBound ?? row)..<rows.upperBound
      case .schema, .newText: break
      }
      row += count
    }
    guard let question else { return RepairMeasure.Rows(question: row - 1..<row, before: row..<row) }
    return RepairMeasure.Rows(
      question: question, before: template ?? question.lowerBound..<question.lowerBound + 1)
  }
}

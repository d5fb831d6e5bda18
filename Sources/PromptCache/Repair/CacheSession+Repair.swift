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
  func repair(
    _ layout: PromptLayout, of schema: PlannedSchema, _ found: FoundStates, share: Double
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
      let measure = try measure(found.prompt(layout), layout.rowsToAsk(found.states), on: engine, segments)
      choice.spend(byModules: measure.modules, tokens: measure.tokens)
    }
    let again = Dictionary(uniqueKeysWithValues: zip(parts, choice.ranges))
    return found.prompt(layout, again: again, isExactAgain: share == 1)
  }

  /// Asks the prompt's new text what it attends to, in one pass over the states as they are.
  private func measure(
    _ prompt: ReadyPrompt, _ rows: RepairMeasure.Rows, on engine: InferenceEngine,
    _ segments: [(attended: Int, segment: RepairChoice.Segment)]
  ) throws(PromptCacheError) -> RepairMeasure {
    try withEngineErrors { () throws(EngineError) in
      let input = InferenceEngine.Input(
        sequence: SequenceState(attending: prompt.attended, isExtended: prompt.isExtended), tokens: prompt.tokens,
        positions: prompt.positions, logits: .none)
      let mass = try engine.measure(
        input, layers: RepairMeasure.layers(of: engine.configuration.kvLayers),
        rows: [rows.question, rows.before])
      return RepairMeasure(mass, hasBefore: !rows.before.isEmpty, of: segments)
    }
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

internal import Engine

// What answers leave in a conversation's memory, and begin with.
//
// A prompt's states are kept once they are computed. An answer's are computed once more, as a prompt's, when there is nothing
// else to do or the next turn waits for them: so what a prompt begins with changes no bit of its answer.
extension AnswerScheduler {
  /// Lets an answer that has a turn now begin with what is remembered of its prompt, or wait for what is about to be.
  func recall(_ answer: AnswerInProgress) {
    answer.awaited = nil
    guard let (memory, text) = answer.prompt.text(for: engine), !answer.isShort else { return }
    if let unsettled = settling.beginning(of: text, in: memory) {
      answer.awaited = unsettled
    } else if let beginning = memory.beginning(of: text, most: text.tokens.count - 1) {
      // Without memory for a copy of the last page all is computed.
      try? answer.begin(with: beginning, count: beginning.count)
    }
  }

  /// Keeps the states of a prompt that is computed.
  func keepPrompt(of answer: AnswerInProgress) {
    guard let (memory, text) = answer.prompt.text(for: engine), !answer.isShort else { return }
    keep(text, of: answer, in: memory)
  }

  /// Keeps what is computed of a prompt whose answer is no longer wanted, or sees to it that the answer's text is kept.
  func keepText(of answer: AnswerInProgress) {
    guard let (memory, text) = answer.prompt.text(for: engine) else { return }
    let tokens = answer.reader.answerTokens
    if answer.promptTokensLeft > 0 {
      if !answer.isInPass, !answer.isShort, answer.computed > 0 {
        keep(text.prefix(answer.computed), of: answer, in: memory)
      }
    } else if !tokens.isEmpty {
      let whole = text.appending(tokens, at: answer.prompt.nextPosition)
      guard whole.tokens.count > InferenceEngine.tokensOfShortInput else { return }
      settling.append(UnsettledAnswer(answer.prompt, whole, in: memory))
    }
  }

  private func keep(_ text: RememberedText, of answer: AnswerInProgress, in memory: ConversationMemory) {
    guard memory.count(of: text) < text.tokens.count,
      let beginning = try? answer.sequence.beginning(text.tokens.count)
    else { return }
    memory.keep(beginning, of: text)
  }

  /// What some prompt waits for.
  var awaited: UnsettledAnswer? { running.lazy.compactMap(\.awaited).first }

  /// Computes some layers of a pass over the text of an answer that is over.
  func settle(_ unsettled: UnsettledAnswer, besideTokens: Bool) {
    do throws(EngineError) {
      if unsettled.pass == nil {
        guard try unsettled.begin(), hasRoom(for: unsettled),
          let input = unsettled.input(atMost: limits.promptTokensPerPass)
        else { return drop(unsettled) }
        try input.sequence.reserve(input.tokens.count, shape: engine.kvShape)
        unsettled.pass = try engine.begin([input])
      }
      guard let pass = unsettled.pass, try advance(pass, besideTokens: besideTokens).logits != nil else { return }
      try unsettled.count(pass.inputs[0])
      if unsettled.isDone { drop(unsettled) }
    } catch {
      // Nobody has asked for it.
      drop(unsettled)
    }
  }

  /// An answer that waits for it has taken the room already.
  private func hasRoom(for unsettled: UnsettledAnswer) -> Bool {
    guard let most = limits.stateBytes, !running.contains(where: { $0.awaited === unsettled }) else { return true }
    return stateBytes + unsettled.missingBytes(of: engine) <= most
  }

  /// Is done with the text of an answer, or gives it up.
  func drop(_ unsettled: UnsettledAnswer) {
    settling.remove(unsettled)
    for answer in running where answer.awaited === unsettled { recall(answer) }
  }
}

extension AnswerInProgress {
  /// Whether the prompt is so short that it is computed in another way than the beginnings of longer ones.
  fileprivate var isShort: Bool { prompt.tokens.count <= InferenceEngine.tokensOfShortInput }
}

extension ReadyPrompt {
  /// Where the states of its tokens are kept, and under what; `nil` if they are not.
  fileprivate func text(for engine: InferenceEngine) -> (memory: ConversationMemory, text: RememberedText)? {
    guard let memory, let basis else { return nil }
    return (memory, RememberedText(tokens, at: positions, on: .init(engine: engine.serial, prompt: basis)))
  }
}

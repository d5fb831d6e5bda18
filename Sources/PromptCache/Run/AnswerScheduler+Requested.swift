internal import Engine

extension AnswerScheduler {
  /// Computes the states of several runs of tokens, each in a context of its own, a few layers at a time between the steps
  /// of answers. They are the same bits as those of `InferenceEngine.encode`.
  ///
  /// - Parameters:
  ///   - encodings: the tokens, and what they see.
  ///   - priority: how soon they are wanted.
  /// - Returns: the states of each, in order.
  /// - Throws: `PromptCacheError.engine`; `.cancelled` if the current task is cancelled meanwhile: it stops within a layer.
  package func encode(
    _ encodings: [InferenceEngine.Encoding], priority: EncodingPriority
  ) async throws(PromptCacheError) -> [SegmentStates] {
    guard !encodings.isEmpty else { return [] }
    let channel = AnswerChannel<[SegmentStates]>()
    requested.append(EncodingRequest(encodings, into: channel), priority)
    wake()
    guard let states = try await channel.next() else { throw .cancelled }
    return states
  }

  /// Measures how much attention new tokens of a sequence give to the cached tokens that it sees, between the steps of
  /// answers as `encode` computes encodings. It is what `InferenceEngine.measure` finds.
  ///
  /// Its states count as an answer's: it waits while they do not fit what the limits leave.
  ///
  /// - Parameters:
  ///   - input: the new tokens, and what they attend to.
  ///   - layers: the layers to measure, rising.
  ///   - rows: ranges of the input's tokens whose attention is summed up, each for itself.
  ///   - priority: how soon it is wanted.
  /// - Throws: as `encode`; `PromptCacheError.answerTooLarge` if it could not begin even alone.
  package func measure(
    _ input: InferenceEngine.Input, layers: [Int], rows: [Range<Int>], priority: EncodingPriority
  ) async throws(PromptCacheError) -> AttentionMass {
    let bytes = engine.byteCount(ofNewTokens: input.tokens.count)
    if let most = limits.stateBytes, bytes > most {
      throw .answerTooLarge(tokens: input.tokens.count, stateBytes: bytes, limit: most)
    }
    let channel = AnswerChannel<AttentionMass>()
    requested.append(
      MeasuringRequest(input, layers: layers, rows: rows, stateBytes: bytes, into: channel), priority)
    wake()
    guard let mass = try await channel.next() else { throw .cancelled }
    return mass
  }

  /// Some layers of a pass over prompts, or of one that requests wait for. These take turns, pass by pass.
  func computePass(besideTokens: Bool) -> Bool {
    let isRequested = requested.isUnderWay(.answer) || prompts.current == nil && requested.areNext
    if isRequested, computeRequested(.answer, besideTokens: besideTokens) { return true }
    return computePrompts(besideTokens: besideTokens)
      || !isRequested && computeRequested(.answer, besideTokens: besideTokens)
  }

  /// Some layers of a pass that was asked for.
  func computeRequested(_ priority: EncodingPriority, besideTokens: Bool) -> Bool {
    guard var current = requested.take(priority) ?? nextRequested(priority, besideTokens: besideTokens) else {
      return false
    }
    let request = current.request
    do throws(EngineError) {
      let (logits, took, layers) = try advance(current.pass, besideTokens: besideTokens)
      current.duration += took
      current.layers += layers
      guard logits != nil || current.pass.isBetweenPasses else {
        requested.keep(current, priority)
        return true
      }
      if priority == .answer { requested.areNext = false }
      guard logits != nil else {
        requested.append(current, priority)
        return true
      }
      // Few rows take as long as many, and those of several passes were not computed at once.
      if current.tokens >= InferenceEngine.tokensPerPart, current.layers <= engine.kvShape.layers {
        prompts.note(current.duration, ofLayers: current.layers, tokens: current.tokens)
      }
      if !request.take(current.pass, on: engine) { requested.append(request, priority) }
    } catch {
      request.fail(error == .cancelled ? .cancelled : .engine(error))
    }
    return true
  }

  private func nextRequested(_ priority: EncodingPriority, besideTokens: Bool) -> RequestedPasses.Begun? {
    let bytes = limits.stateBytes.map { $0 - stateBytes - requested.stateBytes } ?? .max
    return requested.next(priority, within: bytes) { request in
      do throws(EngineError) {
        let pass = try request.begin(room: passTokens(besideTokens: besideTokens), on: engine)
        return RequestedPasses.Begun(pass: pass, request: request)
      } catch {
        request.fail(.engine(error))
        return nil
      }
    }
  }
}

internal import Engine

/// Encodings that are to be computed between answers, and the passes over them that have begun.
struct EncodingPasses {
  struct Current {
    let pass: InferenceEngine.PassInProgress
    let request: EncodingRequest
    let parts: [EncodingRequest.Part]
    var duration = Duration.zero
    var layers = 0

    var tokens: Int { parts.reduce(0) { $0 + $1.tokens } }
  }

  /// In the order of their turns.
  private var waiting: [EncodingPriority: [EncodingRequest]] = [:]
  private var current: [EncodingPriority: Current] = [:]
  /// Whether prompts had the last turn.
  var areNext = true

  func isUnderWay(_ priority: EncodingPriority) -> Bool { current[priority] != nil }

  mutating func append(_ request: EncodingRequest, _ priority: EncodingPriority) {
    waiting[priority, default: []].append(request)
  }

  /// Takes out the request whose turn it is.
  mutating func next(_ priority: EncodingPriority) -> EncodingRequest? {
    guard waiting[priority]?.isEmpty == false else { return nil }
    return waiting[priority]?.removeFirst()
  }

  /// Takes out the pass that has begun.
  mutating func take(_ priority: EncodingPriority) -> Current? { current.removeValue(forKey: priority) }

  mutating func keep(_ pass: Current, _ priority: EncodingPriority) { current[priority] = pass }

  /// Drops what nobody waits for any more.
  mutating func dropAbandoned() {
    guard !waiting.isEmpty || !current.isEmpty else { return }
    current = current.filter { !$0.value.request.isGone }
    waiting = waiting.mapValues { $0.filter { !$0.isGone } }.filter { !$0.value.isEmpty }
  }
}

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
    self.encodings.append(EncodingRequest(encodings, into: channel), priority)
    wake()
    guard let states = try await channel.next() else { throw .cancelled }
    return states
  }

  /// Some layers of a pass over prompts, or over encodings that requests wait for. These take turns, pass by pass.
  func computePass(besideTokens: Bool) -> Bool {
    let isEncodings = encodings.isUnderWay(.answer) || prompts.current == nil && encodings.areNext
    if isEncodings, computeEncodings(.answer, besideTokens: besideTokens) { return true }
    return computePrompts(besideTokens: besideTokens)
      || !isEncodings && computeEncodings(.answer, besideTokens: besideTokens)
  }

  /// Some layers of a pass over encodings.
  func computeEncodings(_ priority: EncodingPriority, besideTokens: Bool) -> Bool {
    guard var current = encodings.take(priority) ?? beginEncodings(priority, besideTokens: besideTokens) else {
      return false
    }
    let request = current.request
    do throws(EngineError) {
      let (logits, took, layers) = try advance(current.pass, besideTokens: besideTokens)
      current.duration += took
      current.layers += layers
      guard logits != nil else {
        encodings.keep(current, priority)
        return true
      }
      if priority == .answer { encodings.areNext = false }
      // Few rows take as long as many.
      if current.tokens >= InferenceEngine.tokensPerPart {
        prompts.note(current.duration, ofLayers: current.layers, tokens: current.tokens)
      }
      if !request.take(current.parts, on: engine) { encodings.append(request, priority) }
    } catch {
      request.fail(error == .cancelled ? .cancelled : .engine(error))
    }
    return true
  }

  private func beginEncodings(_ priority: EncodingPriority, besideTokens: Bool) -> EncodingPasses.Current? {
    while let request = encodings.next(priority) {
      let parts = request.nextParts(room: passTokens(besideTokens: besideTokens))
      do throws(EngineError) {
        let pass = try engine.beginEncoding(parts.map(request.input(of:)))
        return EncodingPasses.Current(pass: pass, request: request, parts: parts)
      } catch {
        request.fail(.engine(error))
      }
    }
    return nil
  }
}

import Glibc
public import KVCacheFormat
import Synchronization

/// A model that is ready to compute: its configuration, its weights mapped where they lie, and threads.
///
/// Passes take turns; each uses all threads. Equal input gives equal bits, whatever ran before and however many threads
/// there are.
public final class InferenceEngine: Sendable {
  /// New tokens of one sequence within a pass.
  public struct Input: Sendable {
    /// The sequence, which grows by these tokens.
    public let sequence: SequenceState
    /// Token IDs, one or more.
    public let tokens: [Int32]
    /// A position for each, rising, and above those of the sequence's own tokens so far.
    public let positions: [Int32]
    /// Which logits are wanted.
    public let logits: Logits.Selection
    /// Whether they are a part of a prompt, all of whose tokens are computed the way of many, even if they are few.
    public let isPartOfPrompt: Bool
    /// Whether they are computed as encodings are: their bits depend on the input alone, not on what it is packed with, nor on
    /// the parts in which it comes. Otherwise a few rows take a faster way, which rounds differently.
    public let isEncoding: Bool

    /// New tokens of `sequence`.
    ///
    /// - Parameters:
    ///   - sequence: the sequence, which grows by these tokens.
    ///   - tokens: token IDs, one or more.
    ///   - positions: one for each, rising.
    ///   - logits: the tokens whose logits are wanted.
    ///   - isPartOfPrompt: whether even a few tokens are computed the way of many, as those are that they go with.
    ///   - isEncoding: whether they are computed as encodings are.
    public init(
      sequence: SequenceState, tokens: [Int32], positions: [Int32], logits: Logits.Selection,
      isPartOfPrompt: Bool = false, isEncoding: Bool = false
    ) {
      self.sequence = sequence
      self.tokens = tokens
      self.positions = positions
      self.logits = logits
      self.isPartOfPrompt = isPartOfPrompt
      self.isEncoding = isEncoding
    }
  }

  /// What `config.json` says.
  public let configuration: ModelConfiguration
  /// Shape of the model's states.
  public var kvShape: KVShape { configuration.kvLayers.shape }
  /// Number of threads that a pass uses.
  public let threads: Int

  /// Most new tokens of a sequence that one pass computes; more are cut into as many passes as it takes.
  public static let tokensPerPass = PassRunner.mostRows
  /// A prompt may come in any parts, each marked as one, with no bit of it changed. Those that end where a sequence's own
  /// tokens are a multiple of so many take the fewest passes.
  public static let tokensPerPart = PassRunner.rowsPerSpan
  /// Up to so many new tokens of each sequence are computed the fast way, in which the weights are read once for some
  /// sequences together.
  public static let tokensOfShortInput = PassRunner.fewRows

  /// Tells it from every other engine of this process, also from those that are gone.
  package let serial = InferenceEngine.engines.add(1, ordering: .relaxed).newValue

  private static let engines = Atomic<Int>(0)
  private let runner: Mutex<PassRunner>
  /// Calls of `forward` that wait for their turn. What goes layer by layer lets them in first: the lock is not fair.
  private let callsWaiting = Atomic<Int>(0)

  /// The model in `files`.
  ///
  /// - Parameters:
  ///   - files: the files of the model.
  ///   - threads: how many threads compute; all cores that the process may use if `nil`.
  ///   - shared: threads to compute on that other engines compute on too; its own, as many as `threads` says, if `nil`.
  ///   - format: what weights are multiplied in.
  ///   - repacked: where weights in another form than the stored one are kept. If `nil`, weights in eight bits are made anew
  ///     in memory, and blocks of a GGUF file are multiplied as they lie, to the same bits.
  ///   - progress: told how many matrices are done, and their number, while such weights are made.
  /// - Throws: `EngineError` for files that are missing, malformed, or of a model that is not supported.
  public init(
    files: some ModelFiles, threads: Int? = nil, on shared: ComputeThreads? = nil,
    weights format: WeightFormat = .stored,
    repacked: RepackedWeights? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(EngineError) {
    configuration = try ModelConfiguration(files: files)
    var weights = try DecoderWeights(try files.tensors(for: configuration), configuration)
    let compute = Compute(on: shared ?? ComputeThreads(threads))
    if format == .q8 { try weights.quantize(repacked: repacked, pool: compute.pool, progress: progress) }
    if let repacked { try weights.turn(repacked: repacked, pool: compute.pool, progress: progress) }
    self.threads = compute.pool.threads
    let passes = PassRunner(
      decoder: TransformerDecoder(description: configuration.decoder, weights: weights, compute: compute),
      configuration: configuration)
    runner = Mutex(passes)
  }

  /// Whether `init` makes weights of this model into another form, if it is given a place for them.
  ///
  /// - Parameters:
  ///   - files: the files of the model.
  ///   - format: what weights are multiplied in.
  public static func repacks(_ files: some ModelFiles, weights format: WeightFormat) -> Bool {
    guard format == .stored else { return true }
    return files.gguf?.hasTensorsToTurn ?? false
  }

  /// Checks that there is a model in `files` that `init` can load, without reading its weights.
  ///
  /// - Throws: as `init`.
  public static func check(_ files: some ModelFiles) throws(EngineError) {
    let configuration = try ModelConfiguration(files: files)
    _ = try DecoderWeights(try files.tensors(for: configuration), configuration)
  }

  /// Computes new tokens of one sequence and appends them to it.
  ///
  /// Each token sees the cached tokens at positions up to its own, the sequence's own tokens, and itself (with a
  /// sliding window, those less than the window below it).
  ///
  /// - Parameter sequence: what they attend to; it grows by them.
  /// - Parameter logits: the tokens whose logits are wanted.
  /// - Parameter tokens: the tokens, in order.
  /// - Parameter positions: one for each token, rising.
  /// - Throws: `EngineError` for tokens or positions that the model does not have, or segments of another model;
  ///   `.cancelled` if the current task is cancelled meanwhile. Nothing has changed then.
  public func forward(
    tokens: [Int32], positions: [Int32], sequence: SequenceState, logits: Logits.Selection
  ) throws(EngineError) -> Logits {
    let results = try forward([Input(sequence: sequence, tokens: tokens, positions: positions, logits: logits)])
    return results[0]
  }

  /// Computes new tokens of several sequences together: one product a weight matrix for many rows.
  ///
  /// The logits of each are the same bits, whatever it is computed beside. (Few tokens of a sequence take another way
  /// through products than many do, and share their passes with few others.)
  ///
  /// - Returns: the logits of each input, in order.
  /// - Throws: as for one sequence. Nothing has changed then, in any of them.
  public func forward(_ inputs: [Input]) throws(EngineError) -> [Logits] {
    try claim(inputs)
    defer { for input in inputs { input.sequence.end() } }
    callsWaiting.add(1, ordering: .relaxed)
    return try runner.withLock { runner throws(EngineError) in
      callsWaiting.subtract(1, ordering: .relaxed)
      return try runner.run(inputs)
    }
  }

  /// Checks new tokens of a sequence as `forward` does, and computes nothing.
  ///
  /// - Throws: `EngineError` for tokens or positions that the model does not have, or segments of another model.
  public func check(_ input: Input) throws(EngineError) { try configuration.check(input) }

  /// Checks inputs and claims their sequences, all or none.
  private func claim(_ inputs: [Input]) throws(EngineError) {
    for input in inputs { try configuration.check(input) }
    var claimed: [SequenceState] = []
    do throws(EngineError) {
      for input in inputs {
        try input.sequence.begin()
        claimed.append(input.sequence)
        if let last = input.sequence.lastPosition, let next = input.positions.first, next <= last {
          throw .positionsNotAscending(previous: last, next: Int(next))
        }
      }
    } catch {
      for sequence in claimed { sequence.end() }
      throw error
    }
  }

  /// Bytes that the states of `tokens` new tokens of a sequence take.
  ///
  /// - Parameters:
  ///   - tokens: how many there are.
  ///   - sections: numbers of tokens of the sections that the sequence begins with.
  public func byteCount(ofNewTokens tokens: Int, sections: [Int] = []) -> Int {
    FreshStates.byteCount(tokens: tokens, shape: kvShape, layout: PageLayout(sections: sections))
  }

  /// Bytes that the states of `tokens` new tokens take besides those of a beginning of `shared` tokens that the sequence has
  /// in common with others: some of these are copied.
  ///
  /// - Parameters:
  ///   - tokens: how many there are.
  ///   - shared: how many stand before them.
  ///   - sections: numbers of tokens of the sections that the sequence begins with.
  public func byteCount(ofNewTokens tokens: Int, behind shared: Int, sections: [Int] = []) -> Int {
    let layout = PageLayout(sections: sections)
    let last = layout.pageRanges(of: shared).last
    let whole = last.map { $0.count == layout.capacity(behind: $0.lowerBound) ? shared : $0.lowerBound } ?? 0
    return byteCount(ofNewTokens: shared + tokens, sections: sections)
      - byteCount(ofNewTokens: whole, sections: sections)
  }

  /// Begins to compute new tokens of several sequences, as `forward` does, but a few layers at a time: other passes may
  /// come in between, and change nothing.
  ///
  /// - Returns: the work, which has the sequences to itself until it is done or gone.
  /// - Throws: as `forward`, for inputs that are wrong.
  public func begin(_ inputs: [Input]) throws(EngineError) -> PassInProgress { try begin(inputs, masses: nil) }

  private func begin(_ inputs: [Input], masses: AttentionMassSums?) throws(EngineError) -> PassInProgress {
    try claim(inputs)
    return runner.withLock { PassInProgress(engine: self, $0.begin(inputs, masses: masses)) }
  }

  // What may change is touched only with the runner's lock.
  /// New tokens that are computed a few layers at a time. If it goes before it is done, it was never there: the
  /// sequences are as before.
  public final class PassInProgress: @unchecked Sendable {
    /// What is computed.
    public let inputs: [Input]

    private let engine: InferenceEngine
    private var work: PassWork
    private let decoder: TransformerDecoder
    private var isClaimed = true

    fileprivate init(engine: InferenceEngine, _ begun: (work: PassWork, decoder: TransformerDecoder)) {
      self.engine = engine
      inputs = begun.work.inputs
      work = begun.work
      decoder = begun.decoder
    }

    deinit {
      if isClaimed { engine.runner.withLock { rollBack(&$0) } }
    }

    /// Computes one layer, and more for as long as `goesOn` says so.
    ///
    /// - Parameter goesOn: asked after each layer.
    /// - Returns: the logits of each input when all is done, once; `nil` before.
    /// - Throws: `EngineError.outOfMemory`. The sequences are as before then, and nothing is left to do.
    public func advance(while goesOn: () -> Bool) throws(EngineError) -> [Logits]? {
      repeat {
        while engine.callsWaiting.load(ordering: .relaxed) > 0 { sched_yield() }
        let (logits, isOver) = try engine.runner.withLock { (runner) throws(EngineError) in try computeLayer(&runner) }
        if isOver { return logits }
      } while goesOn()
      return nil
    }

    /// Whether it stands between two passes of the several that its inputs make: where others may well come first.
    package var isBetweenPasses: Bool { work.current == nil }

    /// What was measured, once all is done; `nil` of a pass that measures nothing.
    package var mass: AttentionMass? { work.masses.map { AttentionMass($0) } }

    private func computeLayer(_ runner: inout PassRunner) throws(EngineError) -> (logits: [Logits]?, isOver: Bool) {
      guard isClaimed else { return (nil, true) }
      do throws(EngineError) {
        try runner.advance(&work, decoder)
      } catch {
        rollBack(&runner)
        throw error
      }
      guard work.isDone else { return (nil, false) }
      if work.masses == nil { release(&runner) } else { rollBack(&runner) }
      return (work.logits(vocabularySize: engine.configuration.vocabularySize), true)
    }

    private func rollBack(_ runner: inout PassRunner) {
      work.rollBack()
      release(&runner)
    }

    private func release(_ runner: inout PassRunner) {
      runner.giveBack(decoder)
      for input in inputs { input.sequence.end() }
      isClaimed = false
    }
  }

  /// Measures how much attention new tokens of a sequence give to the cached tokens that it sees, and leaves the sequence as
  /// it was. Nothing is computed past the last layer that is measured, and no matrix of scores is kept: the keys are read a
  /// second time instead.
  ///
  /// - Parameters:
  ///   - input: the new tokens, and what they attend to; its `logits` play no part.
  ///   - layers: the layers to measure, rising.
  ///   - rows: ranges of the input's tokens whose attention is summed up, each for itself.
  /// - Precondition: the model has these layers, one or more, and the input these tokens.
  /// - Throws: as `forward`.
  public func measure(_ input: Input, layers: [Int], rows: [Range<Int>]) throws(EngineError) -> AttentionMass {
    // Layer by layer, so that answers under way go on.
    let pass = try beginMeasuring(input, layers: layers, rows: rows)
    guard try pass.advance(while: { !Task.isCancelled }) != nil, let mass = pass.mass else { throw .cancelled }
    return mass
  }

  /// Begins to measure as `measure` does, a few layers at a time: other passes may come in between, and change nothing.
  ///
  /// - Returns: the work, which has the sequence to itself until it is done or gone; its `mass` is what was asked for.
  /// - Throws: as `measure`, for an input that is wrong.
  package func beginMeasuring(
    _ input: Input, layers: [Int], rows: [Range<Int>]
  ) throws(EngineError) -> PassInProgress {
    precondition(!layers.isEmpty && zip(layers, layers.dropFirst()).allSatisfy { $0 < $1 }, "layers \(layers)")
    precondition(layers.allSatisfy { $0 >= 0 && $0 < kvShape.layers }, "layers \(layers) of \(kvShape.layers)")
    precondition(rows.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= input.tokens.count }, "rows \(rows)")
    let input = Input(sequence: input.sequence, tokens: input.tokens, positions: input.positions, logits: .none)
    let sums = try AttentionMassSums(
      of: input.sequence.attended, layers: layers, rows: rows, heads: configuration.decoder.queryHeads)
    return try begin([input], masses: sums)
  }
}

extension ModelConfiguration {
  /// Checks what a caller may have got wrong about the model.
  fileprivate func check(_ input: InferenceEngine.Input) throws(EngineError) {
    guard !input.tokens.isEmpty else { throw .noTokens }
    guard input.tokens.count == input.positions.count else {
      throw .countMismatch(tokens: input.tokens.count, positions: input.positions.count)
    }
    for token in input.tokens where token < 0 || Int(token) >= vocabularySize {
      throw .tokenOutOfRange(token: token, vocabularySize: vocabularySize)
    }
    var previous: Int32?
    for position in input.positions {
      // A token before the first position is the BOS of an isolated encoding.
      guard position >= -1, Int(position) < contextLength else {
        throw .positionOutOfRange(position: Int(position), contextLength: contextLength)
      }
      if let previous, position <= previous {
        throw .positionsNotAscending(previous: Int(previous), next: Int(position))
      }
      previous = position
    }
    for seen in input.sequence.attended {
      try check(seen)
      if let (layer, position) = statesLacking(in: seen, at: input.positions) {
        throw .stateNotKept(layer: layer, position: position)
      }
    }
  }

  private func check(_ seen: AttendedSegment) throws(EngineError) {
    guard seen.segment.layout.shape == kvShape else {
      throw .wrongSegmentShape(expected: kvShape, found: seen.segment.layout.shape)
    }
    guard seen.count >= 0, seen.count <= seen.segment.layout.tokens else {
      throw .segmentTooShort(tokens: seen.segment.layout.tokens, asked: seen.count)
    }
    for position in [seen.place, seen.encodedAt] where position < -1 || position >= contextLength {
      throw .positionOutOfRange(position: position, contextLength: contextLength)
    }
    guard seen.place + seen.count <= contextLength else {
      throw .positionOutOfRange(position: seen.place + seen.count - 1, contextLength: contextLength)
    }
  }
}

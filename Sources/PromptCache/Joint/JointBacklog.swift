internal import ContentHash
internal import KVCacheFormat
internal import PMLCompiler
internal import Synchronization

/// What combinations of modules the prompts of answers used that are not wholly encoded jointly, and the work of making them
/// so while no answer is to be computed: an answer that was plain or repaired today is exact tomorrow.
///
/// Nothing is made unless `run` is under way.
public final class JointBacklog: Sendable {
  private struct Key: Hashable {
    /// The last of a prompt's chain, which stands for all of it.
    let encoding: SHA256Digest
    let element: KVElement
  }

  private struct Combination {
    let prompt: PlannedPrompt
    let schema: PlannedSchema
    var uses = 0
    /// When it was used last.
    var lastUse = 0
    /// Whether it was found to take more than what is left of the budget.
    var isTooLarge = false

    /// Those that go first are wanted the most.
    func isWanted(before other: Combination) -> Bool {
      (isTooLarge ? 0 : 1, uses, lastUse) > (other.isTooLarge ? 0 : 1, other.uses, other.lastUse)
    }
  }

  private struct State {
    var combinations: [Key: Combination] = [:]
    var notes = 0
    var report = JointBacklogReport()
    /// Wakes `run`.
    var bell: AsyncStream<Void>.Continuation?

    /// The most used combination that may fit.
    var mostWanted: Key? {
      combinations.filter { !$0.value.isTooLarge }.min { $0.value.isWanted(before: $1.value) }?.key
    }

    var leastWanted: Key? { combinations.max { $0.value.isWanted(before: $1.value) }?.key }
  }

  /// Bytes of states that it writes at most, as long as it lives.
  public let byteBudget: Int
  /// Combinations that it remembers; the least used go.
  public let capacity: Int

  private let session: CacheSession
  private let state = Mutex(State())

  /// A backlog without combinations.
  ///
  /// - Parameters:
  ///   - session: answers the prompts that are noted.
  ///   - byteBudget: bytes of states that it writes at most, as long as it lives.
  ///   - capacity: how many combinations it remembers, 1 or more.
  public init(of session: CacheSession, byteBudget: Int, capacity: Int = 256) {
    self.session = session
    self.byteBudget = byteBudget
    self.capacity = max(capacity, 1)
  }

  /// What was made so far.
  public var report: JointBacklogReport { state.withLock { $0.report } }

  /// Combinations that are remembered.
  public var count: Int { state.withLock { $0.combinations.count } }

  /// Remembers that a prompt was answered, if its joint encodings are not all in the store. Call it after an answer, which
  /// need not wait for it: it looks into the store.
  ///
  /// - Parameters:
  ///   - prompt: compiled for `schema`.
  ///   - schema: how the states are kept.
  public func note(_ prompt: PlannedPrompt, of schema: WarmedSchema) {
    let chain = prompt.layout.chain.digests
    guard let last = chain.last else { return }
    // A store that cannot be read now may be later, when `run` comes to it.
    let count = try? session.jointCount(of: prompt.layout, session.lookup(schema.element))
    guard count != chain.count else { return }
    let bell = state.withLock { state in
      let key = Key(encoding: last, element: schema.element)
      if state.combinations[key] == nil, state.combinations.count >= capacity, let least = state.leastWanted {
        state.combinations[least] = nil
      }
      state.notes += 1
      // The schema without its lease, which would keep an old version in the store.
      state.combinations[key, default: Combination(prompt: prompt, schema: schema.schema)].uses += 1
      state.combinations[key]?.lastUse = state.notes
      return state.bell
    }
    bell?.yield()
  }

  /// Makes the joint encodings of what is noted, the most used combination first, one after the other, below the priority of
  /// answers, until the current task is cancelled, or something fails that would fail again, such as a full disk or a store
  /// that can only be read. Combinations that take more than what is left of the budget are passed over.
  ///
  /// It suits a service that runs as long as a server does. One call at a time is under way.
  ///
  /// - Returns: what was made, and why it ended.
  public func run() async -> JointBacklogReport {
    let (notes, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state.withLock { state in
      precondition(state.bell == nil, "two runs of one backlog")
      state.bell = bell
      state.report.failure = nil
    }
    defer { state.withLock { $0.bell = nil } }
    // What was noted before.
    bell.yield()
    do throws(PromptCacheError) {
      for await _ in notes {
        while let next = state.withLock({ $0.mostWanted }) { try await make(next) }
      }
    } catch {
      if case .cancelled = error { return report }
      state.withLock { $0.report.failure = error }
    }
    return report
  }

  private func make(_ key: Key) async throws(PromptCacheError) {
    let (found, left) = state.withLock { ($0.combinations[key], byteBudget - $0.report.bytesWritten) }
    guard let found else { return }
    do throws(PromptCacheError) {
      let made = try await session.makeJoint(
        for: found.prompt, of: WarmedSchema(found.schema, element: key.element), within: left)
      state.withLock { state in
        guard let made else {
          state.combinations[key]?.isTooLarge = true
          return
        }
        state.combinations[key] = nil
        guard made.computed > 0 else { return }
        state.report.combinations += 1
        state.report.bytesWritten += made.bytesWritten
      }
    } catch {
      guard error.concernsOneCombination else { throw error }
      state.withLock { $0.combinations[key] = nil }
    }
  }
}

/// What a `JointBacklog` made.
public struct JointBacklogReport: Sendable {
  /// Combinations that it made whole.
  public fileprivate(set) var combinations = 0
  /// Bytes of the states that it computed.
  public fileprivate(set) var bytesWritten = 0
  /// Why it ended before it was told to; `nil` where it did not.
  public fileprivate(set) var failure: PromptCacheError?
}

extension PromptCacheError {
  /// Whether it says nothing of other combinations: states that another process removed, or that the KV format cannot hold.
  fileprivate var concernsOneCombination: Bool {
    switch self {
    case .stateRemoved, .engine(.stateOutOfRange), .engine(.stateNotFinite), .store(.unusableBlob): true
    default: false
    }
  }
}

extension CacheSession {
  /// Computes and keeps the joint encodings of a prompt that the store lacks, while no answer is to be computed.
  ///
  /// - Returns: what was made; `nil` if it takes more than `byteCount` bytes.
  fileprivate func makeJoint(
    for prompt: PlannedPrompt, of schema: WarmedSchema, within byteCount: Int
  ) async throws(PromptCacheError) -> JointReport? {
    try await BlockingTask.run { task throws(PromptCacheError) in
      let plan = JointPlan(of: [prompt.layout], on: [prompt.schema.plan.layout])
      guard try MissingStates(of: plan, try self.lookup(schema.element)).bytes <= byteCount else { return nil }
      return try self.makeJoint(
        for: [prompt], of: schema, sharing: false, EncodingTerms(place: .betweenAnswers(.background, task)))
    }
  }
}

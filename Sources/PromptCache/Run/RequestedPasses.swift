internal import Engine

/// Passes that are to be computed between those of answers, and those of them that have begun.
struct RequestedPasses {
  /// A pass that has begun, whether its turn goes on or it waits for the next one.
  struct Begun {
    let pass: InferenceEngine.PassInProgress
    let request: any PassRequest
    var duration = Duration.zero
    var layers = 0

    var tokens: Int { pass.inputs.reduce(0) { $0 + $1.tokens.count } }
  }

  private enum Waiting {
    case next(any PassRequest)
    case begun(Begun)

    var request: any PassRequest {
      switch self {
      case .next(let request): request
      case .begun(let begun): begun.request
      }
    }

    var hasBegun: Bool { if case .begun = self { true } else { false } }
  }

  /// In the order of their turns.
  private var waiting: [EncodingPriority: [Waiting]] = [:]
  private var current: [EncodingPriority: Begun] = [:]
  /// Whether prompts had the last turn.
  var areNext = true

  func isUnderWay(_ priority: EncodingPriority) -> Bool { current[priority] != nil }

  /// Bytes of states that those take which have begun.
  var stateBytes: Int {
    current.values.reduce(0) { $0 + $1.request.stateBytes }
      + waiting.values.joined().reduce(0) { $0 + ($1.hasBegun ? $1.request.stateBytes : 0) }
  }

  /// The same together with what the next one takes that somebody waits for: answers that come later leave it.
  var claimedStateBytes: Int {
    stateBytes + (waiting[.answer]?.first { !$0.hasBegun }?.request.stateBytes ?? 0)
  }

  mutating func append(_ request: any PassRequest, _ priority: EncodingPriority) {
    waiting[priority, default: []].append(.next(request))
  }

  /// Lets others have the next turns.
  mutating func append(_ begun: Begun, _ priority: EncodingPriority) {
    waiting[priority, default: []].append(.begun(begun))
  }

  /// Takes out the one whose turn it is, begun if it is not.
  ///
  /// - Parameters:
  ///   - bytes: what new ones may take. One for which that is too little waits.
  ///   - begin: begins one; `nil` if it cannot be.
  mutating func next(
    _ priority: EncodingPriority, within bytes: Int, _ begin: (any PassRequest) -> Begun?
  ) -> Begun? {
    while let index = waiting[priority]?.firstIndex(where: { $0.hasBegun || $0.request.stateBytes <= bytes }) {
      switch waiting[priority]?.remove(at: index) {
      case .begun(let begun): return begun
      case .next(let request): if let begun = begin(request) { return begun }
      case nil: return nil
      }
    }
    return nil
  }

  /// Takes out the one whose turn it still is.
  mutating func take(_ priority: EncodingPriority) -> Begun? { current.removeValue(forKey: priority) }

  mutating func keep(_ begun: Begun, _ priority: EncodingPriority) { current[priority] = begun }

  /// Drops what nobody waits for any more.
  mutating func dropAbandoned() {
    guard !waiting.isEmpty || !current.isEmpty else { return }
    current = current.filter { !$0.value.request.isGone }
    waiting = waiting.mapValues { $0.filter { !$0.request.isGone } }.filter { !$0.value.isEmpty }
  }
}

internal import Engine
internal import Synchronization

/// Conversations that may go on: the states of their text in memory, so that a prompt which begins like one of them computes
/// only what is new in it.
///
/// Conversations that begin alike have the states of their beginnings in common. Where all of them do not fit, the ends of
/// those that were not used for the longest time go first. What an answer is going on from stays for it, whatever goes here.
///
/// Its states say something of what was asked: clients that are not to learn of each other's prompts, not even by the time an
/// answer takes, have memories of their own. One memory may serve several models.
public final class ConversationMemory: Sendable {
  /// What a memory holds.
  public struct Usage: Hashable, Sendable {
    /// Bytes of states.
    public let byteCount: Int
    /// Conversations: texts that no other one goes on from.
    public let conversations: Int
    /// Tokens whose states are held, those of common beginnings once.
    public let tokens: Int
  }

  /// Bytes of states that it holds at most.
  public let byteLimit: Int
  private let roots: Mutex<ConversationForest>

  /// A memory without conversations.
  ///
  /// - Parameter byteLimit: bytes of states that it holds at most; with 0 it holds none.
  public init(byteLimit: Int) {
    self.byteLimit = max(byteLimit, 0)
    roots = Mutex(ConversationForest())
  }

  /// What it holds now.
  public var usage: Usage { roots.withLock(\.usage) }

  /// Forgets all conversations.
  public func removeAll() { roots.withLock { $0 = ConversationForest() } }

  /// This moment, for a use that is told later.
  func now() -> Int { roots.withLock { $0.nextUse() } }

  /// The states of the first tokens of a text, as many as are known, `most` at most.
  ///
  /// - Parameter use: when it is used: now if `nil`.
  /// - Returns: `nil` if there are none.
  func beginning(of text: RememberedText, most: Int, use: Int? = nil) -> SequenceBeginning? {
    roots.withLock { $0.beginning(of: text, most: most, use: use ?? $0.nextUse()) }
  }

  /// How many of a text's first tokens are known, without counting that as a use.
  func count(of text: RememberedText) -> Int { roots.withLock { $0.count(of: text) } }

  /// Keeps the states of a text.
  ///
  /// - Parameter use: when it was used: now if `nil`.
  /// - Precondition: `beginning` has as many tokens as the text.
  func keep(_ beginning: SequenceBeginning, of text: RememberedText, use: Int? = nil) {
    roots.withLock { $0.keep(beginning, of: text, use: use ?? $0.nextUse(), byteLimit: byteLimit) }
  }
}

/// Tokens with their positions, and what they stand on.
struct RememberedText: Sendable {
  /// Which model, by its engine, and which states.
  struct Basis: Hashable, Sendable {
    let engine: Int
    let prompt: PromptBasis
  }

  let basis: Basis
  private(set) var tokens: [Int32]
  private(set) var positions: [Int32]

  init(_ tokens: [Int32], at positions: [Int32], on basis: Basis) {
    precondition(tokens.count == positions.count, "\(tokens.count) tokens at \(positions.count) positions")
    self.basis = basis
    self.tokens = tokens
    self.positions = positions
  }

  /// Its first `count` tokens.
  func prefix(_ count: Int) -> RememberedText {
    RememberedText(Array(tokens.prefix(count)), at: Array(positions.prefix(count)), on: basis)
  }

  /// The same with tokens behind it, the first one's at `position`.
  func appending(_ tokens: [Int32], at position: Int) -> RememberedText {
    var text = self
    text.tokens += tokens
    text.positions += tokens.indices.map { Int32(position + $0) }
    return text
  }

  /// Whether another text is longer and begins with this one.
  func isBeginning(of other: RememberedText) -> Bool {
    basis == other.basis && tokens.count < other.tokens.count && other.tokens.starts(with: tokens)
      && other.positions.starts(with: positions)
  }
}

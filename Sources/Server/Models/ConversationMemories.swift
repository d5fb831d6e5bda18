internal import PromptCache
internal import Synchronization

/// What each namespace's clients have said, so that the next turn of a conversation goes on from its states. How long an answer
/// takes tells nobody what others have asked.
final class ConversationMemories: Sendable {
  private let byteLimit: Int
  private let memories = Mutex<[String: ConversationMemory]>([:])

  /// Memories without conversations.
  ///
  /// - Parameters:
  ///   - byteLimit: bytes that all of them may take.
  ///   - namespaces: how many may ask.
  init(byteLimit: Int, namespaces: Int) { self.byteLimit = byteLimit / max(namespaces, 1) }

  /// The memory of a namespace.
  subscript(namespace: String) -> ConversationMemory {
    memories.withLock { memories in
      if let memory = memories[namespace] { return memory }
      let memory = ConversationMemory(byteLimit: byteLimit)
      memories[namespace] = memory
      return memory
    }
  }

  /// What all of them hold.
  var usage: (byteCount: Int, conversations: Int) {
    memories.withLock { Array($0.values) }.map(\.usage).reduce((0, 0)) {
      ($0.0 + $1.byteCount, $0.1 + $1.conversations)
    }
  }
}

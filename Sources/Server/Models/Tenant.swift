internal import Logging
internal import PromptCache
internal import Synchronization
internal import Threads

/// A tenant's part of a model: its states, schemas and conversations, and nobody else's.
final class Tenant: Sendable {
  /// Whose part it is.
  let namespace: String
  /// The model.
  let model: ServedModel
  /// The model with the tenant's part of the store.
  let session: CacheSession
  /// What the tenant's clients have said.
  let memory: ConversationMemory

  /// The combinations to make joint encodings of; `nil` where none are made unless a request asks.
  let backlog: JointBacklog?
  /// Schemas that were sent to the server.
  let warmings = Warmings()

  private let schemas = Mutex<[String: WarmedSchema]>([:])

  init(namespace: String, model: ServedModel, session: CacheSession, memory: ConversationMemory, jointBytes: Int?) {
    self.namespace = namespace
    self.model = model
    self.session = session
    self.memory = memory
    backlog = jointBytes.map { JointBacklog(of: session, byteBudget: $0) }
  }

  /// Notes that prompts were answered: which states were used, and which combinations. Nobody waits for it.
  func note(_ prompts: [PreparedPrompt]) {
    Task { [self] in
      try? await OwnThreads.run { [self] in
        session.recordUses()
        guard let backlog else { return }
        for document in prompts.compactMap(\.document) { backlog.note(document.prompt, of: document.schema) }
      }
    }
  }

  /// Makes joint encodings of what was asked for while nothing waits, until the task is cancelled.
  func makeJoint(_ logger: Logger) async {
    guard let backlog else { return }
    let report = await backlog.run()
    guard let failure = report.failure else { return }
    logger.warning(
      "no more joint encodings are made", metadata: ["namespace": "\(namespace)", "error": "\(failure.description)"])
  }

  /// Whether the folder holds another store by now than the one that is open.
  var isStoreReplaced: Bool { session.isStoreReplaced }

  /// The newest version of a schema that the store has now. Laying one out takes time, so it is kept until there is a newer
  /// one.
  ///
  /// - Throws: `PromptCacheError.notWarmed`, `.unreadableVersion`, `.store`.
  func schema(named name: String) throws(PromptCacheError) -> WarmedSchema {
    let known = schemas.withLock { $0[name] }
    let newest = try session.newestVersionNumber(of: name)
    if let known, let newest, known.version == newest { return known }
    do throws(PromptCacheError) {
      let schema = try session.schema(named: name)
      schemas.withLock { $0[name] = schema }
      return schema
    } catch {
      schemas.withLock { $0[name] = nil }
      throw error
    }
  }
}

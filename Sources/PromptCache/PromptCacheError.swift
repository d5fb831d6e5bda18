public import Engine
public import Failure
public import FileSystem
public import KVCacheFormat
public import ObjectStorage
public import PMLCompiler
public import Store
public import Tokenizers

/// Why a request to the prompt cache could not be carried out.
public enum PromptCacheError: Error, Sendable {
  /// The model's configuration, weights or a forward pass.
  case engine(EngineError)
  /// The store.
  case store(StoreError)
  /// `tokenizer.json` of the model at `location`.
  case tokenizer(TokenizerError, location: String)
  /// A model folder without a file that every model needs.
  case missingFile(String, location: String)
  /// Neither a template's name nor a readable file of one.
  case unknownChatTemplate(String, known: [String])
  /// A chat template's file that is not what it should be.
  case badChatTemplate(path: String, problem: String)
  /// The store holds no version of the schema for this model (in this KV format, where one is asked for).
  /// Perhaps it has one for the other models that are named.
  case notWarmed(schema: String, model: LoadedModel, element: KVElement?, others: [String] = [])
  /// A document with errors; `diagnostics` are all that was found in it.
  case invalidDocument(SourceFile, diagnostics: [Diagnostic])
  /// A lowered schema that is damaged, or was compiled for another model.
  case unusableLoweredSchema(path: FilePath, IRError)
  /// The task that asked was cancelled.
  case cancelled
  /// The store holds no version of the schema, or none with this number.
  case noSuchVersion(schema: String, number: Int?)
  /// The store holds no version, or none for the model in `model`.
  case nothingToExport(model: String?)
  /// The store lacks states that a prompt uses.
  case statesMissing(schema: String)
  /// States that another process removed while they were in use here.
  case stateRemoved
  /// A version's lowered schema that this program cannot read.
  case unreadableVersion(schema: String, version: Int, problem: String)
  /// The prompt has no tokens to go on from.
  case emptyPrompt
  /// A prompt that leaves the model no position for an answer.
  case promptTooLong(tokens: Int, contextLength: Int)
  /// A conversation that the model's chat template cannot write.
  case conversation(ConversationError)
  /// A benchmark's prompt, with the tokens that it decodes, is longer than the model takes.
  case benchmarkTooLong(tokens: Int, decoded: Int, contextLength: Int)
  /// An answer whose new states would take more memory than all answers together may.
  case answerTooLarge(tokens: Int, stateBytes: Int, limit: Int)
  /// So many answers wait that no more are taken on.
  case tooManyAnswers(waiting: Int)
  /// An answer that had not begun after as long as one may wait.
  case waitedTooLong(Duration)
  /// The system lets the process have no more threads.
  case noThread
  /// A file of `src` that is no longer what it was when its schema was compiled.
  case sourceFileChanged(FilePath)
  /// A lowered schema has no texts of its libraries' modules.
  case noTexts
  /// The documents of a library could not be read.
  case unreadableDocuments(String)
  /// The schema has no library of this name; or where none is named, it has not one alone.
  case noSuchLibrary(String?, schema: String, known: [String])
  /// The full-text index of a library.
  case index(any CategorizedError)
  /// The session has no store, and something has to be read from or kept in one.
  case noStore
  /// The remote store.
  case objectStorage(ObjectStorageError)
  /// Somebody is removing garbage from the remote store.
  case collectionUnderWay
  /// Removing garbage from the remote store took longer than it may; what is left goes the next time.
  case collectionInterrupted
  /// Publishing took so long that others may have taken this process for dead.
  case publishingInterrupted
  /// A version in the remote store of which nobody can say what it names.
  case unreadablePublication(object: String)
  /// Objects of a version in the remote store that are not there, or not what they should be.
  case objectsMissing(schema: String, version: Int, count: Int)
}

extension PromptCacheError: CategorizedError, CustomStringConvertible {
  /// The kind of failure, by which a caller can choose how to react.
  public var category: FailureCategory {
    switch self {
    case .engine(let error): error.category
    case .store(let error): error.category
    case .index(let error): error.category
    case .objectStorage(let error): error.category
    case .tokenizer, .missingFile, .unknownChatTemplate, .badChatTemplate, .invalidDocument, .unusableLoweredSchema,
      .emptyPrompt, .promptTooLong, .conversation, .benchmarkTooLong, .noStore, .sourceFileChanged, .noTexts,
      .unreadableDocuments, .noSuchLibrary:
      .input
    case .notWarmed, .noSuchVersion, .nothingToExport, .statesMissing: .notFound
    case .stateRemoved, .tooManyAnswers, .waitedTooLong, .collectionUnderWay, .collectionInterrupted,
      .publishingInterrupted:
      .busy
    case .answerTooLarge, .noThread: .resources
    case .unreadableVersion, .unreadablePublication, .objectsMissing: .damaged
    case .cancelled: .cancelled
    }
  }

  /// What is wrong, in one lower-case clause; for a document with errors, followed by all of its diagnostics.
  public var message: String {
    switch self {
    case .engine(let error): error.message
    case .store(let error): error.message
    case .tokenizer(let error, let location): "cannot read the tokenizer of \(location): \(error.message)"
    case .missingFile(let name, let location): "`\(location)` has no `\(name)`"
    case .unknownChatTemplate(let name, _): "no chat template `\(name)`"
    case .badChatTemplate(let path, let problem): "`\(path)` is not a chat template: \(problem)"
    case .notWarmed(let schema, let model, let element, let others):
      "the store has no version of schema `\(schema)` for \(model.files.location)"
        + (model.weights == .stored ? "" : " with \(model.weights) weights") + (element.map { " in \($0)" } ?? "")
        + (others.isEmpty ? "" : ", but one for \(others.map { $0.quoted() }.joined(separator: ", "))")
    case .invalidDocument(let source, let diagnostics):
      "\(source.path.description.quoted(limit: 4096)) has errors:\n"
        + TextRenderer(sources: [source]).render(diagnostics)
    case .unusableLoweredSchema(let path, let error): "\(path.description.quoted(limit: 4096)): \(error.message)"
    case .cancelled: "the task was cancelled"
    case .noSuchVersion(let schema, let number):
      "the store has no version " + (number.map { "\($0) " } ?? "") + "of schema `\(schema)`"
    case .nothingToExport(let model): "the store has no version" + (model.map { " for `\($0)`" } ?? "")
    case .statesMissing(let schema): "states of schema `\(schema)` are not in the store"
    case .stateRemoved: "states were removed from the store while they were in use"
    case .unreadableVersion(let schema, let version, let problem):
      "version \(version) of schema `\(schema)` cannot be read: \(problem)"
    case .emptyPrompt: "the prompt is empty: there is no token to answer from"
    case .promptTooLong(let tokens, let contextLength):
      "a prompt of \(tokens) tokens leaves no room for an answer in the model's \(contextLength) positions"
    case .conversation(let error): "\(error)"
    case .benchmarkTooLong(let tokens, let decoded, let contextLength):
      "a prompt of \(tokens) tokens and \(decoded) that are decoded do not fit the model's \(contextLength) positions"
    case .answerTooLarge(let tokens, let bytes, let limit):
      "the states of up to \(tokens) new tokens take \(bytes) bytes, and all answers may take \(limit)"
    case .tooManyAnswers(let waiting): "\(waiting) answers are waiting, and no more may"
    case .waitedTooLong(let time): "the answer waited longer than \(time), and had not begun"
    case .noThread: "the system lets the process have no more threads"
    case .noStore: "there is no folder for the store"
    case .sourceFileChanged(let path):
      "\(path.description.quoted(limit: 4096)) cannot be read any more, or says something else than a moment ago"
    case .index(let error): error.message
    case .noSuchLibrary(let name?, let schema, _): "schema \(schema.quoted()) has no library \(name.quoted())"
    case .noSuchLibrary(nil, let schema, let known):
      "schema \(schema.quoted()) has " + (known.isEmpty ? "no library" : "more than one library")
    case .noTexts: "a lowered schema has no texts of its libraries' modules"
    case .unreadableDocuments(let reason): "modules of a library cannot be read: \(reason)"
    case .objectStorage(let error): error.message
    case .objectsMissing(let schema, let version, let count):
      "\(count) encodings of version \(version) of schema \(schema.quoted()) could not be fetched"
    case .collectionUnderWay: "somebody is removing garbage from the remote store"
    case .collectionInterrupted: "removing garbage took too long and stopped in the middle"
    case .publishingInterrupted: "publishing took too long"
    case .unreadablePublication(let object):
      "\(object.quoted(limit: 300)) in the remote store is no version that can be read"
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .engine(let error): error.remedies
    case .store(let error): error.remedies
    case .objectStorage(let error): error.remedies
    case .tokenizer(let error, _): error.remedies
    case .missingFile: [.nameModelFolder]
    case .unknownChatTemplate(_, let known):
      [
        .other(
          "known are \(known.joined(separator: ", ")); a file is a Jinja program (`.jinja`), "
            + "or a JSON object with `system`, `user`, `assistant`, `header`")
      ]
    case .notWarmed(let schema, let model, let element, let others):
      (others.isEmpty ? [] : [.nameModelMeant]) + [
        .warm(
          schema: schema, element: element?.rawValue, weights: model.weights == .stored ? nil : model.weights.rawValue),
        .giveSchemaFile,
      ]
    case .unusableLoweredSchema(_, let error): error.remedies
    case .badChatTemplate, .invalidDocument, .conversation, .cancelled: []
    case .promptTooLong: [.other("ask with fewer tokens")]
    case .noSuchVersion, .nothingToExport: [.listVersions]
    case .stateRemoved: [.other("do it again; and let no other process collect garbage meanwhile")]
    case .statesMissing(let schema), .unreadableVersion(let schema, _, _): [.warm(schema: schema)]
    case .emptyPrompt: [.addText]
    case .benchmarkTooLong: [.measureLess]
    case .answerTooLarge: [.other("ask for fewer tokens"), .other("raise the limit of the states of answers")]
    case .tooManyAnswers, .waitedTooLong, .collectionUnderWay, .collectionInterrupted, .publishingInterrupted:
      [.tryAgain]
    case .objectsMissing(let schema, _, _): [.warm(schema: schema)]
    case .unreadablePublication: [.useNewerProgram, .other("remove the object")]
    case .noThread: [.other("raise the limit of threads (ulimit -u)"), .endOtherProcesses]
    case .noStore: [.nameStoreFolder]
    case .sourceFileChanged, .unreadableDocuments: [.tryAgain]
    case .noTexts: [.giveSchemaFile]
    case .index(let error): error.remedies
    case .noSuchLibrary(_, _, let known):
      known.isEmpty ? [] : [.other("name one of \(known.joined(separator: ", "))")]
    }
  }

  private func categorized(_ error: any Error) -> (any CategorizedError)? { error as? any CategorizedError }

  private func other(_ help: String?) -> [Remedy] { help.map { [.other($0)] } ?? [] }
}

/// Runs `body` with its errors wrapped.
func withEngineErrors<R>(_ body: () throws(EngineError) -> R) throws(PromptCacheError) -> R {
  do throws(EngineError) {
    return try body()
  } catch {
    throw error == .cancelled ? .cancelled : .engine(error)
  }
}

/// Runs `body` with its errors wrapped.
func withStoreErrors<R>(_ body: () throws(StoreError) -> R) throws(PromptCacheError) -> R {
  do throws(StoreError) { return try body() } catch { throw .store(error) }
}

public import Engine
public import Failure
public import FileSystem
public import KVCacheFormat
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
  case notWarmed(schema: String, model: LoadedModel, element: KVElement?)
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
  /// The session has no store, and something has to be read from or kept in one.
  case noStore
}

extension PromptCacheError: CategorizedError, CustomStringConvertible {
  /// The kind of failure, by which a caller can choose how to react.
  public var category: FailureCategory {
    switch self {
    case .engine(let error): error.category
    case .store(let error): error.category
    case .tokenizer, .missingFile, .unknownChatTemplate, .badChatTemplate, .invalidDocument, .unusableLoweredSchema,
      .emptyPrompt, .promptTooLong, .conversation, .benchmarkTooLong, .noStore:
      .input
    case .notWarmed, .noSuchVersion, .nothingToExport, .statesMissing: .notFound
    case .stateRemoved, .tooManyAnswers, .waitedTooLong: .busy
    case .answerTooLarge, .noThread: .resources
    case .unreadableVersion: .damaged
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
    case .notWarmed(let schema, let model, let element):
      "the store has no version of schema `\(schema)` for \(model.files.location)"
        + (model.weights == .stored ? "" : " with \(model.weights) weights") + (element.map { " in \($0)" } ?? "")
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
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .engine(let error): error.remedies
    case .store(let error): error.remedies
    case .tokenizer(let error, _): error.remedies
    case .missingFile: [.nameModelFolder]
    case .unknownChatTemplate(_, let known):
      [
        .other(
          "known are \(known.joined(separator: ", ")); a file is a Jinja program (`.jinja`), "
            + "or a JSON object with `system`, `user`, `assistant`, `header`")
      ]
    case .notWarmed(let schema, let model, let element):
      [
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
    case .tooManyAnswers, .waitedTooLong: [.tryAgain]
    case .noThread: [.other("raise the limit of threads (ulimit -u)"), .endOtherProcesses]
    case .noStore: [.nameStoreFolder]
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

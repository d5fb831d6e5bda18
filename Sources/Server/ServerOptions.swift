public import PromptCache

/// How a server is set up.
public struct ServerOptions: Sendable {
  /// A model to serve.
  public struct Model: Sendable {
    /// What requests call it.
    public var id: String
    /// Its configuration, tokenizer and chat template.
    public var model: LoadedModel

    /// A model under this name.
    public init(id: String, model: LoadedModel) {
      self.id = id
      self.model = model
    }
  }

  /// The models, one or more, each under a name of its own.
  public var models: [Model]
  /// The store's folder.
  public var store: FilePath
  /// Bytes that the store's file may take.
  public var maximumStoreBytes: Int?
  /// Bytes that the states of one namespace may take.
  public var maximumNamespaceBytes: Int?
  /// What the store is a cache of; its warnings go to whoever made it.
  public var remote: RemoteStore?

  /// The address to listen on.
  public var host = "127.0.0.1"
  /// The port to listen on; 0 for any that is free.
  public var port = 8080
  /// Who may ask; everybody if `nil`.
  public var keys: APIKeys?
  /// Whose requests they all are where there are no keys.
  public var namespace = "default"

  /// Threads that compute; one a core if `nil`.
  public var threads: Int?
  /// Answers that are made at a time.
  public var parallel = 16
  /// Answers that may wait.
  public var queue = 256
  /// How long an answer may wait to begin.
  public var queueTime = Duration.seconds(60)
  /// Bytes of new states that all running answers of a model may take.
  public var stateBytes: Int?
  /// Bytes of states of conversations that stay in memory; namespaces have equal parts of it.
  public var conversationBytes = 1 << 30
  /// Bytes of joint encodings that are made while nothing waits, for each namespace and model, of the combinations that requests
  /// use, the most used first; none if `nil`.
  public var jointBytes: Int?
  /// Bytes of the body of a request.
  public var bodyBytes = 16 << 20
  /// Tokens of a prompt.
  public var promptTokens = Int.max
  /// Tokens of an answer.
  public var answerTokens = 4096
  /// How long a request may take.
  public var requestTime = Duration.seconds(600)
  /// How long the head or the body of a request may take to come, and how long a connection may be idle.
  public var idleTime = Duration.seconds(60)
  /// Connections that may be open.
  public var connections = 1024
  /// How long requests that are under way may go on when the server is told to end.
  public var drainTime = Duration.seconds(30)
  /// Whether the log holds the texts of prompts and answers.
  public var logsText = false

  /// A server of these models, with a store in the folder `store`; all else as usual.
  public init(models: [Model], store: FilePath) {
    self.models = models
    self.store = store
  }
}

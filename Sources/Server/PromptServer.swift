internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
internal import PromptCache
public import ServiceLifecycle
internal import Synchronization
internal import Threads

/// An HTTP server that answers prompts over OpenAI's API.
///
/// It is a service: it ends when its group is told to, with the requests that are under way.
public struct PromptServer: Service {
  private let options: ServerOptions
  private let logger: Logger
  private let whenListening: @Sendable (_ port: Int) -> Void

  /// A server.
  ///
  /// - Parameters:
  ///   - options: how it is set up.
  ///   - logger: gets a line a request.
  ///   - whenListening: called once with the port.
  public init(
    _ options: ServerOptions, logger: Logger, whenListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
  ) {
    self.options = options
    self.logger = logger
    self.whenListening = whenListening
  }

  /// Serves until it is told to end.
  ///
  /// - Throws: `PromptCacheError` for a store that cannot be opened, or weights that cannot be loaded; what the system says
  ///   of an address that cannot be listened on.
  public func run() async throws {
    let memories = ConversationMemories(
      byteLimit: options.conversationBytes, namespaces: options.keys?.namespaces.count ?? 1)
    let threads = ComputeThreads(options.threads)
    let registry = ModelRegistry(models: options.models.map { serve($0, memories, threads) })
    let (connections, drain) = (Connections(), Drain())
    let application = application(registry, memories, connections, drain)
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await OwnThreads.run { try load(registry) }
          // The group ends with the application.
          try? await gracefulShutdown()
        }
        group.addTask { try await application.run() }
        defer { group.cancelAll() }
        while try await group.next() != nil {}
      }
    } onGracefulShutdown: {
      drain.begin()
      for model in registry.models { model.stop() }
    }
  }

  private func serve(
    _ model: ServerOptions.Model, _ memories: ConversationMemories, _ threads: ComputeThreads
  ) -> ServedModel {
    ServedModel(
      id: model.id, model: model.model, created: Int(Date().timeIntervalSince1970),
      place: place, threads: threads,
      memories: memories,
      limits: AnswerLimits(
        running: options.parallel, waiting: options.queue, waitingTime: options.queueTime,
        stateBytes: options.stateBytes),
      jointBytes: options.jointBytes, logger: logger)
  }

  private var place: StorePlace {
    StorePlace(
      path: options.store, maximumBytes: options.maximumStoreBytes,
      maximumNamespaceBytes: options.maximumNamespaceBytes, remote: options.remote)
  }

  private func load(_ registry: ModelRegistry) throws {
    let clock = ContinuousClock()
    for model in registry.models {
      let start = clock.now
      try model.load(namespace: options.keys?.namespaces.first ?? options.namespace)
      logger.info(
        "model is ready", metadata: ["model": "\(model.id)", "ms": .number((clock.now - start).milliseconds)])
    }
  }

  private func application(
    _ registry: ModelRegistry, _ memories: ConversationMemories, _ connections: Connections, _ drain: Drain
  ) -> some ApplicationProtocol {
    let prometheus = PrometheusRegistry(descriptions: ServerMetrics.descriptions)
    let metrics = ServerMetrics(factory: prometheus)
    let router = Router(context: ServerContext.self)
    var routes = Routes(
      registry: registry,
      limits: RequestLimits(
        bodyBytes: options.bodyBytes, bodyTime: options.idleTime, requestTime: options.requestTime,
        promptTokens: options.promptTokens, answerTokens: options.answerTokens, logsText: options.logsText),
      connections: connections, drain: drain, metrics: metrics, prometheus: prometheus,
      memories: memories, place: place,
      authentication: Authentication(keys: options.keys, namespace: options.namespace))
    let endpoints = RouteCollection(context: ServerContext.self)
    routes.add(to: endpoints)
    router.add(middleware: RequestMiddleware(logger: logger, metrics: metrics, table: routes.table))
    router.addRoutes(endpoints)
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return Application(
      router: router,
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [connections.makeHandler()],
          // A body that is late gets an answer before its connection is closed.
          idleTimeout: .seconds(Int64((options.idleTime.seconds + 1).rounded(.up))))),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port),
        availableConnectionsDelegate: MaximumAvailableConnections(options.connections)),
      onServerRunning: { [whenListening] channel in whenListening(channel.localAddress?.port ?? 0) },
      logger: quiet)
  }
}

import CommandSupport
import Glibc
import Logging
import PromptCache
import Server
import ServiceLifecycle
import UnixSignals

/// Runs a server until a signal ends it.
struct Serving {
  let options: ServerOptions
  let logger: Logger

  func run() async throws {
    let logger = logger
    let options = options
    let server = PromptServer(options, logger: logger) { port in
      // Whoever starts it may wait for this line.
      try? StandardStream.output.write(Array("listening on http://\(options.shownHost):\(port)\n".utf8))
    }
    var configuration = ServiceGroupConfiguration(
      services: [
        ServiceGroupConfiguration.ServiceConfiguration(
          service: server, successTerminationBehavior: .gracefullyShutdownGroup)
      ],
      logger: logger)
    configuration.maximumGracefulShutdownDuration = options.drainTime
    let group = ServiceGroup(configuration: configuration)
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let watch = Task {
      var isEnding = false
      for await signal in signals {
        if isEnding { _exit(128 + signal.rawValue) }
        isEnding = true
        logger.info("ending", metadata: ["signal": "\(signal)"])
        await group.triggerGracefulShutdown()
      }
    }
    defer { watch.cancel() }
    try await group.run()
  }
}

extension ServerOptions {
  /// The host as an address has it.
  fileprivate var shownHost: String { host.contains(":") ? "[\(host)]" : host }
}

extension PMLCServe {
  /// What the options say.
  ///
  /// - Parameter logger: gets what goes wrong with a remote store.
  func serverOptions(_ logger: Logger) throws -> ServerOptions {
    var options = ServerOptions(models: try models.load(), store: try store.folder.path())
    options.maximumStoreBytes = storeLimit.maxBytes?.bytes
    options.maximumNamespaceBytes = storeLimit.maxNamespaceBytes?.bytes
    options.remote = try remote.store { warning in logger.warning("\(warning.message)") }
    options.host = network.host
    options.port = network.port
    options.keys = try network.keys.map { path throws(APIKeysError) in try APIKeys(at: path) }
    options.namespace = store.namespace
    options.threads = compute.threads
    options.logsText = log.logText
    limits.apply(to: &options)
    return options
  }
}

internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// Tells who has hung up: answers nobody waits for any more are stopped.
final class Connections: Sendable {
  private struct Connection {
    var isGone = false
    /// What to do when the client goes, by number.
    var actions: [Int: @Sendable () -> Void] = [:]
    var nextNumber = 0
  }

  private let open = Mutex<[ObjectIdentifier: Connection]>([:])

  /// Number of connections.
  var count: Int { open.withLock { $0.count } }

  /// Has `action` done when the client of `channel` hangs up, at once if it has.
  ///
  /// - Returns: a number for `forget`.
  func onHangUp(of channel: any Channel, _ action: @escaping @Sendable () -> Void) -> Int {
    let number: Int? = open.withLock { open in
      guard var connection = open[ObjectIdentifier(channel)], !connection.isGone else { return nil }
      defer { open[ObjectIdentifier(channel)] = connection }
      connection.nextNumber += 1
      connection.actions[connection.nextNumber] = action
      return connection.nextNumber
    }
    if number == nil { action() }
    return number ?? 0
  }

  /// Takes back what `onHangUp` was told.
  func forget(_ number: Int, of channel: any Channel) {
    open.withLock { _ = $0[ObjectIdentifier(channel)]?.actions.removeValue(forKey: number) }
  }

  /// Runs `body`, which is cancelled when the client of a request hangs up.
  func whileConnected<R: Sendable>(
    _ context: ServerContext, _ body: @escaping @Sendable () async throws -> R
  ) async throws -> R {
    let task = Task(operation: body)
    let number = onHangUp(of: context.channel) { [record = context.record] in
      record.note { $0.hasHungUp = true }
      task.cancel()
    }
    defer { forget(number, of: context.channel) }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  /// Watches one connection; to be put into its pipeline.
  func makeHandler() -> some RemovableChannelHandler { HangUpHandler(self) }

  fileprivate func opened(_ channel: any Channel) {
    open.withLock { $0[ObjectIdentifier(channel)] = Connection() }
  }

  fileprivate func hungUp(_ channel: any Channel) {
    let actions = open.withLock { open in
      defer {
        open[ObjectIdentifier(channel)]?.isGone = true
        open[ObjectIdentifier(channel)]?.actions = [:]
      }
      return open[ObjectIdentifier(channel)].map { Array($0.actions.values) } ?? []
    }
    for action in actions { action() }
  }

  fileprivate func closed(_ channel: any Channel) {
    hungUp(channel)
    open.withLock { $0[ObjectIdentifier(channel)] = nil }
  }
}

/// Sees a connection's end: that the client sends no more counts as one.
private final class HangUpHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let connections: Connections

  init(_ connections: Connections) { self.connections = connections }

  func handlerAdded(context: ChannelHandlerContext) { connections.opened(context.channel) }

  func handlerRemoved(context: ChannelHandlerContext) { connections.closed(context.channel) }

  func channelInactive(context: ChannelHandlerContext) {
    connections.closed(context.channel)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { connections.hungUp(context.channel) }
    context.fireUserInboundEventTriggered(event)
  }
}

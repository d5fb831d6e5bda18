import Foundation
import Glibc
import Synchronization

/// Stands between a client and a server on loopback, and does to their connections what networks do.
public final class FaultyRelay: Sendable {
  /// What happens to connections.
  public enum Mode: Sendable {
    /// All that comes is passed on.
    case passing
    /// A connection is closed as soon as it is made.
    case refusing
    /// Connections are made, and nothing is passed on any more.
    case silent
    /// Of each connection's answers so many bytes are passed on; then it is cut.
    case cutting(after: Int)
    /// Each piece of an answer waits so many milliseconds.
    case slow(milliseconds: Int)
    /// The first occurrence of some bytes in answers is replaced by others, as many.
    case changing([UInt8], to: [UInt8])
  }

  /// Where clients connect.
  public let port: Int

  private let target: Int
  private let listener: Int32
  private let state = Mutex((mode: Mode.passing, connections: Set<Int32>(), count: 0, refused: 0))

  /// A relay in front of `target`, a port.
  public init(to target: Int) throws {
    self.target = target
    guard let socket = LocalSocket(listeningOn: 0) else { throw POSIXError(.EADDRINUSE) }
    port = socket.port
    listener = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
    let accepting = listener
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(accepting, nil, nil)
        guard connection >= 0, let self else { break }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        self.serve(connection)
      }
      close(accepting)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// What it does from now on, also to connections that there are.
  public var mode: Mode {
    get { state.withLock { $0.mode } }
    set {
      let open = state.withLock { state in
        state.mode = newValue
        return state.connections
      }
      if case .refusing = newValue { for one in open { shutdown(one, Int32(SHUT_RDWR)) } }
    }
  }

  /// How many connections there were.
  public var connectionCount: Int { state.withLock { $0.count } }

  /// How many were closed as soon as they were made.
  public var refusedCount: Int { state.withLock { $0.refused } }

  private func serve(_ client: Int32) {
    if case .refusing = mode {
      state.withLock { $0.refused += 1 }
      // A reset rather than an end.
      var linger = linger(l_onoff: 1, l_linger: 0)
      unsafe setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
      close(client)
      return
    }
    guard let upstream = LocalSocket(connectedTo: target) else {
      close(client)
      return
    }
    let server = fcntl(upstream.descriptor, F_DUPFD_CLOEXEC, 0)
    state.withLock { state in
      state.count += 1
      state.connections.formUnion([client, server])
    }
    let open = OpenPair(client: client, server: server) { [weak self] in
      self?.state.withLock { $0.connections.subtract([client, server]) }
    }
    Thread.detachNewThread { [weak self] in
      self?.pump(from: client, to: server, isAnswer: false)
      open.endHalf()
    }
    Thread.detachNewThread { [weak self] in
      self?.pump(from: server, to: client, isAnswer: true)
      open.endHalf()
    }
  }

  private func pump(from source: Int32, to target: Int32, isAnswer: Bool) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var passed = 0
    defer {
      shutdown(source, Int32(SHUT_RDWR))
      shutdown(target, Int32(SHUT_RDWR))
    }
    while true {
      let count = unsafe read(source, &buffer, buffer.count)
      guard count > 0 else { return }
      var part = Array(buffer[..<count])
      if isAnswer {
        switch mode {
        case .passing, .refusing: break
        case .silent:
          while case .silent = mode { usleep(20_000) }
        case .cutting(let limit):
          part = Array(part.prefix(limit - passed))
          passed += part.count
        case .slow(let milliseconds): usleep(UInt32(milliseconds) * 1000)
        case .changing(let old, let new):
          if let place = part.firstRange(of: old) { part.replaceSubrange(place, with: new) }
        }
      } else if case .silent = mode {
        while case .silent = mode { usleep(20_000) }
      }
      var sent = 0
      while sent < part.count {
        let rest = Array(part[sent...])
        let written = unsafe send(target, rest, rest.count, Int32(MSG_NOSIGNAL))
        guard written > 0 else { return }
        sent += written
      }
      if part.count < count { return }
    }
  }
}

/// Two sockets that are closed once both directions have ended.
private final class OpenPair: Sendable {
  private let client: Int32
  private let server: Int32
  private let halves = Atomic(2)
  private let whenClosed: @Sendable () -> Void

  init(client: Int32, server: Int32, whenClosed: @escaping @Sendable () -> Void) {
    self.client = client
    self.server = server
    self.whenClosed = whenClosed
  }

  func endHalf() {
    guard halves.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    whenClosed()
    close(client)
    close(server)
  }
}

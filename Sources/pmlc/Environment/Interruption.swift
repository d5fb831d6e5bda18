import CommandSupport
import Dispatch
import Glibc
import PromptCache
import Synchronization

/// What signals do to this process.
///
/// A handler passes their numbers through a pipe to a queue, which may do more than a handler may. The process then ends as
/// if by the signal itself, after what has to be cleaned up: also where it is the first of its container, which the kernel
/// spares a signal that nobody handles.
enum Interruption {
  private struct State {
    var signal: Int32?
    var task: Task<Int32, Never>?
    var isCancellable = false
    var endsQuietly = false
  }

  private static let state = Mutex(State())
  private static let cleanups = Mutex<[Int: @Sendable () -> Void]>([:])
  /// How long work that was cancelled may take to end.
  private static let patience = DispatchTimeInterval.seconds(2)
  private static let queue = DispatchQueue(label: "signals")
  /// The end of the pipe that the handler writes to.
  fileprivate static let writingEnd = Atomic<Int32>(-1)

  /// The signal that asked the process to end.
  static var signal: Int32? { state.withLock(\.signal) }

  /// Runs the whole of the program's work in a task that signals can cancel.
  ///
  /// - Returns: the exit status.
  static func run(_ work: @escaping @Sendable () async -> Int32) async -> Int32 {
    // A pipe without a reader is an error of the write.
    _ = Glibc.signal(SIGPIPE, SIG_IGN)
    let source = startHandling()
    defer { withExtendedLifetime(source) {} }
    let task = state.withLock { state in
      let task = Task(operation: work)
      state.task = task
      return task
    }
    return await task.value
  }

  /// From now on, the first signal cancels the task, and the process ends when that has ended. A second one ends it at
  /// once; before, the first does.
  static func cancelsWork() { state.withLock { $0.isCancellable = true } }

  /// From now on, a signal is the expected end: the exit status is 0.
  static func isExpected() { state.withLock { $0.endsQuietly = true } }

  /// Adds something that has to be done before the process ends.
  ///
  /// - Returns: a number for `perform`.
  static func addCleanup(_ cleanup: @escaping @Sendable () -> Void) -> Int {
    cleanups.withLock { cleanups in
      let number = (cleanups.keys.max() ?? 0) + 1
      cleanups[number] = cleanup
      return number
    }
  }

  /// Does now what was added under `number`, unless it has been done.
  static func perform(_ number: Int) { cleanups.withLock { $0.removeValue(forKey: number)?() } }

  /// Ends the process as `signal` does to one that does not handle it.
  static func end(by signal: Int32) -> Never {
    cleanups.withLock { cleanups in
      for cleanup in cleanups.values { cleanup() }
      cleanups = [:]
    }
    if state.withLock(\.endsQuietly) {
      // The shell's prompt gets a line of its own, after the `^C` that the terminal shows.
      if StandardStream.error.isTerminal { try? StandardStream.error.write([UInt8(ascii: "\n")]) }
      _exit(0)
    }
    _ = Glibc.signal(signal, SIG_DFL)
    kill(getpid(), signal)
    // Where the kernel spares it, and until the signal has come.
    usleep(100_000)
    _exit(128 + signal)
  }

  private static func startHandling() -> (any DispatchSourceRead)? {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // A handler must not wait.
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    writingEnd.store(ends[1], ordering: .sequentiallyConsistent)
    let (pipe, source) = (ends[0], DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: queue))
    source.setEventHandler {
      var number: UInt8 = 0
      if unsafe read(pipe, &number, 1) == 1 { handle(Int32(number)) }
    }
    source.activate()
    for signal in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal) { _ = Glibc.signal(signal, passOn) }
    return source
  }

  private static func handle(_ signal: Int32) {
    let cancelled = state.withLock { state in
      defer { state.signal = signal }
      return state.isCancellable && state.signal == nil ? state.task : nil
    }
    guard let cancelled else { end(by: signal) }
    cancelled.cancel()
    queue.asyncAfter(deadline: .now() + patience) { end(by: signal) }
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    // SIG_IGN, which is 1.
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}

private func passOn(_ signal: Int32) {
  let before = errno
  var number = UInt8(truncatingIfNeeded: signal)
  _ = unsafe write(Interruption.writingEnd.load(ordering: .sequentiallyConsistent), &number, 1)
  errno = before
}

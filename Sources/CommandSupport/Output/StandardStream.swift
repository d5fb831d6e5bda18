internal import Glibc
package import PromptCache

/// One of the process's output streams.
package struct StandardStream: Sendable {
  package static let output = StandardStream(STDOUT_FILENO)
  package static let error = StandardStream(STDERR_FILENO)

  private let descriptor: Int32
  /// Whether a person watches it.
  package let isTerminal: Bool
  /// Whether it is a terminal that moves its cursor, and clears, when told to.
  package let obeysControls: Bool
  /// Whether to colour: on a terminal that can, without `NO_COLOR` (no-color.org).
  package let hasColor: Bool

  private init(_ descriptor: Int32) {
    self.descriptor = descriptor
    isTerminal = isatty(descriptor) == 1
    obeysControls = isTerminal && environmentVariable("TERM") != "dumb"
    hasColor = obeysControls && environmentVariable("NO_COLOR") == nil
  }

  /// Keeps the three standard descriptors from being given to files, where the process was started without them. What
  /// is read from or written to such a one fails.
  package static func reserveDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // O_PATH, a macro that Swift does not import: it takes the lowest free descriptor, and can do nothing.
      _ = unsafe open("/", 0o10_000_000)
    }
  }

  /// Columns of the terminal.
  package var width: Int {
    var size = winsize()
    if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    return environmentVariable("COLUMNS").flatMap { Int($0.description) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
  }

  /// Writes bytes as they are, at once.
  package func write(_ bytes: [UInt8]) throws(SystemFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // The other end of a pipe may have asked for this.
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, -1)
      } else if errno != EINTR {
        throw SystemFailure("write", "-", code: errno)
      }
    }
  }
}

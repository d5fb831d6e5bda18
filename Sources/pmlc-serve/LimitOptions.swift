import ArgumentParser
import CommandSupport
import Glibc
import Server

/// When a server makes joint encodings of its own accord.
enum JointMaking: String, ExpressibleByArgument, CaseIterable {
  case background, off
}

/// What requests, and all of them together, may take.
struct LimitOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Answers that are made at a time.", valueName: "n"))
  var parallel = 16

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Answers that may wait; more get the status 429.", valueName: "n"))
  var queue = 256

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How long an answer may wait to begin.", valueName: "seconds"))
  var queueSeconds = 60

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Bytes of new states that all answers of a model may take. Without it, a quarter of the memory.",
      valueName: "size"))
  var stateBytes: ByteCount?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Bytes of states of conversations that stay in memory, so that a next turn costs its new tokens alone. Without it, an \
      eighth of the memory; 0 for none.
      """, valueName: "size"))
  var conversationBytes: ByteCount?

  @Option(
    help: ArgumentHelp(
      """
      background: joint encodings of the combinations that requests use are made while nothing waits, the most used first, so \
      that such a prompt's next answer is exact. off: only where a request asks for them.
      """, valueName: "when"))
  var joint = JointMaking.off

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Bytes that these may take, for each namespace and model.", valueName: "size"))
  var jointBytes = ByteCount(1 << 30)

  @Option(parsing: .unconditional, help: ArgumentHelp("Bytes of a request's body.", valueName: "size"))
  var maxBodyBytes = ByteCount(16 << 20)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens of a prompt. Without it, what the model takes.", valueName: "n"))
  var maxPromptTokens: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of an answer.", valueName: "n"))
  var maxAnswerTokens = 4096

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How long a request may take in all.", valueName: "seconds"))
  var requestSeconds = 600

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long a request's head and body may take to come, and a connection may be idle.", valueName: "seconds"))
  var idleSeconds = 60

  @Option(parsing: .unconditional, help: ArgumentHelp("Connections that may be open.", valueName: "n"))
  var maxConnections = 1024

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How long requests under way may go on when the server is told to end.", valueName: "seconds"))
  var drainSeconds = 30

  func validate() throws {
    let atLeastOne = [
      ("parallel", parallel), ("queue-seconds", queueSeconds), ("state-bytes", stateBytes?.bytes ?? 1),
      ("max-body-bytes", maxBodyBytes.bytes), ("max-prompt-tokens", maxPromptTokens ?? 1),
      ("max-answer-tokens", maxAnswerTokens), ("request-seconds", requestSeconds), ("idle-seconds", idleSeconds),
      ("max-connections", maxConnections), ("joint-bytes", jointBytes.bytes),
    ]
    for (name, value) in atLeastOne where value < 1 { throw ValidationError("--\(name) takes 1 or more") }
    for (name, value) in [
      ("queue", queue), ("drain-seconds", drainSeconds), ("conversation-bytes", conversationBytes?.bytes ?? 0),
    ] where value < 0 {
      throw ValidationError("--\(name) takes 0 or more")
    }
  }

  /// Puts them into `options`.
  func apply(to options: inout ServerOptions) {
    options.parallel = parallel
    options.queue = queue
    options.queueTime = .seconds(queueSeconds)
    options.stateBytes = stateBytes?.bytes ?? Self.memoryByteCount / 4
    options.conversationBytes = conversationBytes?.bytes ?? Self.memoryByteCount / 8
    options.jointBytes = joint == .background ? jointBytes.bytes : nil
    options.bodyBytes = maxBodyBytes.bytes
    options.promptTokens = maxPromptTokens ?? .max
    options.answerTokens = maxAnswerTokens
    options.requestTime = .seconds(requestSeconds)
    options.idleTime = .seconds(idleSeconds)
    options.connections = maxConnections
    options.drainTime = .seconds(drainSeconds)
  }

  /// Bytes of the machine's memory.
  private static var memoryByteCount: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }
}

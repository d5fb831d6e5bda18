package import ArgumentParser
internal import Synchronization

/// The command that this process runs.
enum RunningCommand {
  /// Its help; empty before it is known.
  private static let help = Mutex("")

  /// Whether the command has an option, `--model` say.
  static func has(_ option: String) -> Bool {
    help.withLock { help in
      help.split { !($0 == "-" || $0.isLetter) }.contains { $0 == option }
    }
  }

  fileprivate static func note(_ text: String) { help.withLock { $0 = text } }
}

extension AsyncParsableCommand {
  /// Runs the command that this process's arguments name.
  package static func runAsRoot() async throws {
    var command = try parseAsRoot(RawArguments.current)
    RunningCommand.note(helpMessage(for: type(of: command), includeHidden: true))
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      try command.run()
    }
  }
}

extension ParsableCommand {
  /// Help and usage errors are the parser's; so are errors that nobody has words for.
  ///
  /// - Parameters:
  ///   - error: what ended a command.
  ///   - writeResult: writes what was asked for, such as help.
  /// - Returns: the exit status.
  package static func reportByParser<Failure: Error>(
    _ error: any Error, writeResult: (String) throws(Failure) -> Void
  ) throws(Failure) -> ExitCode {
    let message = fullMessage(for: error)
    let status = exitCode(for: error)
    guard status.isSuccess else {
      Notes.usage(RawArguments.shown(message))
      return status == .failure ? .notDone : status
    }
    try writeResult(message + "\n")
    return status
  }
}

package import ArgumentParser

extension AsyncParsableCommand {
  /// Runs the command that this process's arguments name.
  package static func runAsRoot() async throws {
    var command = try parseAsRoot(RawArguments.current)
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

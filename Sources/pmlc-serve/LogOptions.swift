public import ArgumentParser
import CommandSupport
public import Logging
import Server

/// What the server writes to standard error.
struct LogOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @Option(help: ArgumentHelp("The log's format: text or json, an object a line.", valueName: "format"))
  var logFormat = Format.text

  @Option(
    help: ArgumentHelp(
      "What is in the log: trace, debug, info, notice, warning, error or critical.", valueName: "level"))
  var logLevel = Logger.Level.info

  @Flag(help: "Put the texts of prompts and answers into the log.")
  var logText = false

  /// The logger that the options ask for.
  func makeLogger() -> Logger {
    let format = logFormat
    var logger = Logger(label: "pmlc") { label in
      switch format {
      case .text: StreamLogHandler.standardError(label: label)
      case .json: JSONLogHandler(label: label) { try? StandardStream.error.write($0) }
      }
    }
    logger.logLevel = logLevel
    return logger
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

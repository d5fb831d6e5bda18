import ArgumentParser
import CommandSupport
import PromptCache

/// Where the server listens, and to whom.
struct NetworkOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(parsing: .unconditional, help: ArgumentHelp("The port to listen on; 0 for any that is free.", valueName: "n"))
  var port = 8080

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Who may ask: a file (0600) of lines `NAMESPACE KEY`. A key's requests see their namespace alone.",
      valueName: "file"),
    completion: .file())
  var keys: FilePath?

  @Flag(help: "Let whoever reaches the address ask, though it is not this machine's own.")
  var insecure = false

  func validate() throws {
    if !(0...65535).contains(port) { throw ValidationError("--port takes 0 to 65535") }
  }

  /// Whether only this machine reaches the address.
  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

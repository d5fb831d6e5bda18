import ArgumentParser
import CommandSupport
import Glibc
import PromptCache

/// Starts the server, which is a program of its own: those who compile schemas in CI need not build it.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer prompts over OpenAI's API.",
    discussion: "Starts `pmlc-serve`, which lies beside this program, with the same arguments.")

  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("See `pmlc serve --help`.", valueName: "options"))
  var arguments: [String] = []

  func run() throws {
    let program = try Self.program()
    let words = [program] + arguments.map { FilePath(bytes: RawArguments.bytes(of: $0)) }
    throw unsafe Self.replaceProcess(program, words)
  }

  /// `pmlc-serve` in the folder of this program.
  private static func program() throws(NoServer) -> FilePath {
    let program = FilePath("/proc/self/exe").resolved.parent.appending("pmlc-serve")
    guard unsafe program.withCString({ unsafe access($0, X_OK) }) == 0 else { throw NoServer(path: program) }
    return program
  }

  /// - Returns: why this process is still itself.
  @unsafe private static func replaceProcess(_ program: FilePath, _ words: [FilePath]) -> SystemFailure {
    var pointers = unsafe words.map { word in unsafe word.withCString { unsafe strdup($0) } } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    _ = unsafe program.withCString { unsafe execv($0, &pointers) }
    return SystemFailure("execv", program, code: errno)
  }
}

/// The server's program is not there.
private struct NoServer: CategorizedError {
  let path: FilePath

  var category: FailureCategory { .notFound }
  var message: String { "there is no server at \(path.description.quoted(limit: 4096))" }
  var remedies: [Remedy] { [.other("build it beside pmlc: swift build -c release --product pmlc-serve")] }
}

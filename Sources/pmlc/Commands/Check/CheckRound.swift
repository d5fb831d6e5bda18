import ArgumentParser
import CommandSupport
import PromptCache

/// What `check` was asked for.
struct CheckRequest {
  let files: [FilePath]
  let schema: FilePath?
  let model: LoadedModel?
  let template: FoundTemplate?
  /// What follows at each prompt's end.
  var turns: [ChatTurn] = []
  /// Codes whose warnings are not wanted.
  var ignored: Set<Diagnostic.Code> = []
  /// Whether a warning fails the check.
  var deniesWarnings = false
  /// Whether only errors are shown.
  var isQuiet = false
}

/// Documents read and checked once.
struct CheckRound {
  /// What was found, by document in the order in which they were given; within one, by place.
  let diagnostics: [Diagnostic]
  /// Documents that could not be read, and why.
  let failures: [UnreadableDocument]
  private let sources: [SourceFile]
  private let request: CheckRequest

  /// Reads and checks the documents that can be read.
  ///
  /// - Parameter noting: takes which files were read, if they are watched.
  init(of request: CheckRequest, noting: ReadFiles? = nil) {
    var failures: [UnreadableDocument] = []
    func read(_ path: FilePath) -> SourceFile? {
      noting?.note(path)
      do throws(UnreadableDocument) {
        return try noting == nil ? SourceFile.readOnce(path) : SourceFile.readToWatch(path)
      } catch {
        failures.append(error)
        return nil
      }
    }
    let given = request.schema.flatMap(read)
    let sources = request.files.flatMap { path -> [SourceFile] in
      guard (try? FileStatus(of: path))?.kind == .folder else { return read(path).map { [$0] } ?? [] }
      do throws(UnreadableDocument) {
        return try DocumentFolder.documents(in: path) { noting?.note($0) }.compactMap(read)
      } catch {
        failures.append(error)
        return []
      }
    }
    self.failures = failures
    self.request = request
    // Without their schema, prompts would be blamed for what is not their fault.
    guard request.schema == nil || given != nil else {
      diagnostics = []
      self.sources = []
      return
    }
    let checker = DocumentChecker(model: request.model, template: request.template) { source in
      let reader = FolderIncludeReader(besides: source.path)
      guard let noting else { return reader }
      return NotingIncludeReader(reader, besides: source.path, noting: noting)
    }
    let results = checker.check(sources, schema: given, turns: request.turns)
    diagnostics = results.flatMap(\.diagnostics).map(\.inCommands).filter { diagnostic in
      diagnostic.severity == .error
        || !(request.ignored.contains(diagnostic.code) || request.isQuiet && !request.deniesWarnings)
    }
    self.sources = results.map(\.source)
  }

  /// Writes what was found: text, which is for people, to standard error, and what programs read to standard output.
  func write(as format: DiagnosticFormat) throws {
    try format.write(diagnostics, failures: failures, sources: sources)
    for failure in failures { Notes.error(failure) }
  }

  /// How many documents were checked.
  var documentCount: Int { sources.count }

  /// How many errors and warnings there are, in words.
  var findings: String {
    let errors = diagnostics.count { $0.severity == .error }
    let found = [(errors, "error"), (diagnostics.count - errors, "warning")].filter { $0.0 > 0 }
    return found.isEmpty ? "nothing found" : found.map { counted($0.0, $0.1) }.joined(separator: ", ")
  }

  /// The exit status where something is wrong.
  var status: ExitCode? {
    if !failures.isEmpty { return .notDone }
    return diagnostics.contains { $0.severity == .error || request.deniesWarnings } ? .badInput : nil
  }
}

/// A number of things: `1 error`, `2 errors`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

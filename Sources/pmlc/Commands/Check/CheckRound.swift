import ArgumentParser
import CommandSupport
import PromptCache

/// What `check` was asked for.
struct CheckRequest {
  let files: [FilePath]
  let schema: FilePath?
  let model: LoadedModel?
  let template: FoundTemplate?
}

/// Documents read and checked once.
struct CheckRound {
  /// What was found, by document in the order in which they were given; within one, by place.
  let diagnostics: [Diagnostic]
  /// Documents that could not be read, and why.
  let failures: [UnreadableDocument]
  private let sources: [SourceFile]

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
    let sources = request.files.compactMap(read)
    self.failures = failures
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
    let results = checker.check(sources, schema: given)
    diagnostics = results.flatMap(\.diagnostics)
    self.sources = results.map(\.source)
  }

  /// Writes what was found: text, which is for people, to standard error, and what programs read to standard output.
  func write(as format: DiagnosticFormat) throws {
    try format.write(diagnostics, failures: failures, sources: sources)
    for failure in failures { Notes.error(failure) }
  }

  /// How many documents were checked.
  var documentCount: Int { sources.count }

  /// The exit status where something is wrong.
  var status: ExitCode? {
    if !failures.isEmpty { return .notDone }
    return diagnostics.contains { $0.severity == .error } ? .badInput : nil
  }
}

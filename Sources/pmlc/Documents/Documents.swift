import ArgumentParser
import CommandSupport
import PromptCache

/// Reads the schemas that a command is given, and shows what is wrong with them.
enum Documents {
  /// Reads and compiles schemas that are used together, and shows all that is wrong with any of them.
  ///
  /// - Throws: exit status 2 where a file cannot be read, 1 where there are errors.
  static func schemas(_ paths: [FilePath], for model: LoadedModel) throws -> [PlannedSchema] {
    try schemas(paths) { model.compile(schemas: $0) }
  }

  /// The same for a session, which remembers what its store has of them.
  static func schemas(_ paths: [FilePath], in session: CacheSession) throws -> [PlannedSchema] {
    try schemas(paths) { session.compile(schemas: $0) }
  }

  private static func schemas(
    _ paths: [FilePath], _ compile: ([SourceFile]) -> [CompilationResult<PlannedSchema>]
  ) throws -> [PlannedSchema] {
    var status: ExitCode?
    var sources: [SourceFile] = []
    for path in paths {
      do {
        sources.append(try SourceFile.read(path))
      } catch {
        // What is wrong with the others is wanted too.
        Notes.error(error)
        status = .notDone
      }
    }
    let results = compile(sources)
    for result in results { Notes.show(result.diagnostics, of: sources) }
    let schemas = results.compactMap(\.value)
    if let status { throw status }
    if let failure = results.compactMap(\.failure).first { throw failure }
    guard schemas.count == results.count else { throw ExitCode.badInput }
    return schemas
  }
}

extension CompilationResult {
  /// Shows what was found, and gives the value.
  ///
  /// - Throws: exit status 1 where there are errors.
  func shown() throws -> Value {
    Notes.show(diagnostics, of: [source])
    if let failure { throw failure }
    guard let value else { throw ExitCode.badInput }
    return value
  }
}

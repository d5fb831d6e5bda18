import ArgumentParser
import PromptCache

/// Reads the documents that a command is given, and shows what is wrong with them.
enum Documents {
  /// Reads a document.
  ///
  /// - Throws: exit status 2, after a message, for a file that cannot be read.
  static func read(_ path: String) throws -> SourceFile {
    do {
      return try SourceFile.read(FilePath(path))
    } catch {
      Terminal.error.writeLine("pmlc: error: \(error.message)")
      throw ExitCode.notDone
    }
  }

  /// Reads and compiles schemas that are used together, and shows all that is wrong with any of them.
  ///
  /// - Throws: exit status 2 where a file cannot be read, 1 where there are errors.
  static func schemas(_ paths: [String], for model: LoadedModel) throws -> [PlannedSchema] {
    var status: ExitCode?
    var sources: [SourceFile] = []
    for path in paths {
      do {
        sources.append(try read(path))
      } catch let failure as ExitCode {
        // What is wrong with the others is wanted too.
        status = failure
      }
    }
    let results = model.compile(schemas: sources)
    for result in results { DiagnosticOutput(sources: sources).show(result.diagnostics) }
    let schemas = results.compactMap(\.value)
    if let status { throw status }
    guard schemas.count == results.count else { throw ExitCode.badInput }
    return schemas
  }
}

extension CompilationResult {
  /// Shows what was found, and gives the value.
  ///
  /// - Throws: exit status 1 where there are errors.
  func shown() throws -> Value {
    DiagnosticOutput(sources: [source]).show(diagnostics)
    guard let value else { throw ExitCode.badInput }
    return value
  }
}

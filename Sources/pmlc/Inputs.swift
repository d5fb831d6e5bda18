import ArgumentParser
import PMLCompiler
import PromptCache

/// Reads and compiles the documents that a command is given, and shows what is wrong with them.
struct Inputs {
  let model: LoadedModel

  /// Reads a document.
  ///
  /// - Throws: exit status 2, after a message, for a file that cannot be read.
  static func read(_ path: String) throws -> SourceFile {
    do {
      return try SourceFile.read(path)
    } catch {
      Terminal.error.writeLine("pmlc: error: cannot read `\(path)`: \(error)")
      throw ExitCode.notDone
    }
  }

  /// Compiles the schema at `path` and lays it out.
  ///
  /// - Throws: exit status 1, after the diagnostics, where there are errors.
  func schema(at path: String) throws -> PlannedSchema { try schema(Self.read(path)) }

  private func schema(_ source: SourceFile) throws -> PlannedSchema {
    let loading = PlannedSchema.compile(source, for: model)
    return try value(loading.schema, loading.diagnostics, sources: [source])
  }

  /// The schema at `path`, which is a document or what `compile` made of one.
  ///
  /// - Throws: exit status 1 where there are errors, or for a compiled schema that does not belong to the model.
  func schemaOrLowered(at path: String) throws -> PlannedSchema {
    let source = try Self.read(path)
    guard source.bytes.first == UInt8(ascii: "{") else { return try schema(source) }
    do {
      return try PlannedSchema(lowered: source.bytes, for: model)
    } catch {
      Terminal.error.writeLine("pmlc: error: `\(path)`: \(error)")
      if let help = error.help { Terminal.error.writeLine("  help: \(help)") }
      throw ExitCode.badInput
    }
  }

  /// Compiles a prompt against its schema and lays it out.
  ///
  /// - Parameter showing: whether to show what is found.
  /// - Throws: exit status 1, after the diagnostics, where there are errors.
  func prompt(_ source: SourceFile, for schema: PlannedSchema, showing: Bool = true) throws -> PromptLayout {
    let loading = schema.compile(prompt: source, for: model)
    return try value(loading.layout, showing ? loading.diagnostics : [], sources: [source])
  }

  /// The name of the schema that a prompt is for.
  ///
  /// - Throws: exit status 1, after the diagnostics, where the document names none.
  func schemaName(of source: SourceFile) throws -> String {
    if let name = PML.schemaName(ofPrompt: source) { return name }
    DiagnosticOutput(sources: [source]).show(PML.checkPrompt(source))
    throw ExitCode.badInput
  }

  private func value<T>(_ value: T?, _ diagnostics: [Diagnostic], sources: [SourceFile]) throws -> T {
    DiagnosticOutput(sources: sources).show(diagnostics)
    guard let value else { throw ExitCode.badInput }
    return value
  }
}

import ArgumentParser
import CommandSupport
import PromptCache

/// A document laid out to be looked at: for a model with more positions where it does not fit its own.
struct LaidOut<Value: Sendable> {
  let value: Value
  /// Whether the model has room for it.
  let fits: Bool

  /// Shows what is wrong with a document, and lays it out again where that is its length alone.
  ///
  /// - Parameters:
  ///   - result: what compiling it for its model gave.
  ///   - model: the model.
  ///   - compile: compiles it for another model.
  /// - Throws: exit status 1 where there are other errors.
  init(
    _ result: CompilationResult<Value>, orIn model: LoadedModel,
    _ compile: (LoadedModel) throws -> CompilationResult<Value>
  ) throws {
    let errors = result.diagnostics.filter { $0.severity == .error }
    guard !errors.isEmpty, errors.allSatisfy(\.code.isAboutLength),
      let value = try compile(model.withoutContextLimit).value
    else {
      value = try result.shown()
      fits = true
      return
    }
    Notes.show(result.diagnostics, of: [result.source])
    self.value = value
    fits = false
  }

  /// Ends the command as a document ends it that does not fit.
  ///
  /// - Throws: exit status 1, then.
  func end() throws { if !fits { throw ExitCode.badInput } }
}

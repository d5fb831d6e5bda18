public import PMLCompiler

/// What compiling a document gave: a value unless there are errors, and all that was found.
///
/// The diagnostics are here and nowhere else, warnings of documents without errors included.
public struct CompilationResult<Value: Sendable>: Sendable {
  /// The document, for renderers.
  public let source: SourceFile
  /// What the document says; `nil` where it has errors.
  public let value: Value?
  /// Problems, in source order.
  public let diagnostics: [Diagnostic]

  /// Why modules of libraries could not be read, where that failed: then there is no value, and the diagnostics are not all.
  public let failure: PromptCacheError?

  init(
    _ value: Value?, of source: SourceFile, _ diagnostics: [Diagnostic], failure: PromptCacheError? = nil
  ) {
    self.source = source
    self.value = failure == nil ? value : nil
    self.failure = failure
    self.diagnostics = diagnostics.inSourceOrder()
  }

  /// The value.
  ///
  /// - Throws: `PromptCacheError.invalidDocument`, with the diagnostics, where the document has errors; `failure`.
  public func get() throws(PromptCacheError) -> Value {
    if let failure { throw failure }
    guard let value else { throw .invalidDocument(source, diagnostics: diagnostics) }
    return value
  }
}

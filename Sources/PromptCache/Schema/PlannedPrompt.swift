public import FileSystem
public import PMLCompiler

/// A prompt laid on its schema: which states it uses, and what has to be computed.
public struct PlannedPrompt: Sendable {
  /// Path of its document.
  public let path: FilePath
  /// Where its tokens stand.
  public let layout: PromptLayout
  /// How long compiling it took, which is part of the time to an answer's first token.
  let compileTime: Duration
}

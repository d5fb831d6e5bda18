internal import Glibc
public import PMLCompiler
internal import Tokenizers

extension LoadedModel {
  /// The tokens of a conversation, written by the model's own chat template, with the header of an answer behind it: those of
  /// `apply_chat_template` in `transformers`, but that nothing which a message says becomes a special token.
  ///
  /// - Parameter messages: in order, one or more.
  /// - Throws: `PromptCacheError.conversation` for a conversation that the template refuses, or a template that cannot be
  ///   run.
  public func tokens(of messages: [ChatMessage]) throws(PromptCacheError) -> [TokenID] {
    tokenizer.tokenizer.encode(
      try runs(of: messages).map { (text: $0.text, recognizesSpecial: $0.origin == .template) })
  }

  /// The text of a conversation as the model's chat template writes it, with the header of an answer behind it.
  ///
  /// - Throws: as `tokens(of:)`.
  public func text(of messages: [ChatMessage]) throws(PromptCacheError) -> String {
    try runs(of: messages).map(\.text).joined()
  }

  private func runs(of messages: [ChatMessage]) throws(PromptCacheError) -> [TextRun] {
    do throws(ConversationError) {
      return try conversations.runs(of: messages, clock: localTime)
    } catch {
      throw .conversation(error)
    }
  }
}

/// The time now, in a format of strftime(3).
private func localTime(_ format: String) -> String {
  var seconds = time(nil)
  var parts = unsafe tm()
  unsafe localtime_r(&seconds, &parts)
  return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
    guard let base = buffer.baseAddress else { return "" }
    let count = unsafe strftime(base, buffer.count, format, &parts)
    return unsafe String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

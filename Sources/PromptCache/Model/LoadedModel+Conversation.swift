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
    tokenizer.tokenizer.encode(try write(messages).runs)
  }

  /// The text of a conversation as the model's chat template writes it, with the header of an answer behind it.
  ///
  /// - Throws: as `tokens(of:)`.
  public func text(of messages: [ChatMessage]) throws(PromptCacheError) -> String {
    try write(messages).runs.map(\.text).joined()
  }

  /// The same tokens, cut where parts of messages end.
  ///
  /// - Throws: as `tokens(of:)`.
  func chain(of messages: [ChatMessage]) throws(PromptCacheError) -> ConversationChain {
    let written = try write(messages)
    let tokens = tokenizer.tokenizer.encode(written.runs)
    var places = TokenPlaces(of: tokens, written.runs, tokenizer.tokenizer)
    let ends = written.ends.map { end in
      ConversationChain.End(tokens: places.tokens(upTo: end.scalars), role: end.role, isKept: end.isKept)
    }
    return ConversationChain(of: tokens, cutAt: ends, limits: tokenizer.contextLimits)
  }

  private func write(_ messages: [ChatMessage]) throws(PromptCacheError) -> WrittenConversation {
    do throws(ConversationError) {
      return try conversations.write(messages, clock: localTime)
    } catch {
      throw .conversation(error)
    }
  }
}

extension Tokenizer {
  fileprivate func encode(_ runs: some Sequence<TextRun>) -> [TokenID] {
    encode(runs.map { (text: $0.text, recognizesSpecial: $0.origin == .template) })
  }
}

/// Finds which tokens of a text lie in front of places in it.
private struct TokenPlaces {
  private let tokens: [TokenID]
  private let runs: [TextRun]
  private let tokenizer: Tokenizer
  /// A place where a token begins, and the tokens and scalars up to there.
  private var known = (tokens: 0, scalars: 0)

  init(of tokens: [TokenID], _ runs: [TextRun], _ tokenizer: Tokenizer) {
    self.tokens = tokens
    self.runs = runs
    self.tokenizer = tokenizer
  }

  /// Number of tokens that lie wholly in front of a place. Ask from the front on.
  mutating func tokens(upTo scalars: Int) -> Int {
    // Mostly a text has the same tokens from there on, whatever is behind it.
    let next = tokenizer.encode(runs.scalars(known.scalars..<scalars))
    if tokens[known.tokens...].starts(with: next) {
      known = (known.tokens + next.count, scalars)
      return known.tokens
    }
    let all = tokenizer.encode(runs.scalars(0..<scalars))
    let common = zip(all, tokens).prefix { $0 == $1 }.count
    if common == all.count { known = (common, scalars) }
    return common
  }
}

extension [TextRun] {
  /// Some of the scalars of all runs.
  fileprivate func scalars(_ range: Range<Int>) -> [TextRun] {
    var found: [TextRun] = []
    var start = 0
    for run in self where start < range.upperBound {
      let text = run.text.unicodeScalars
      let part = range.clamped(to: start..<start + text.count)
      if !part.isEmpty {
        found.append(TextRun(String(text.dropFirst(part.lowerBound - start).prefix(part.count)), origin: run.origin))
      }
      start += text.count
    }
    return found
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

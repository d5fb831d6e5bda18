/// How much longer a part of a tokenizer can make a text.
///
/// Steps multiply: nine replacements of a letter by two make 512 of one. A file that would make gigabytes of a document is
/// refused when it is read, since encoding has no way to fail.
struct TextGrowth {
  /// Most bytes that may become of one. Published tokenizers stay below 20.
  static let limit = 64

  /// Bytes that a piece of `n` bytes can become, at most: `factor * n + addition`.
  private var factor = 1.0
  private var addition = 0.0

  /// Composes the steps that have been added so far with one that makes at most `factor * n + addition` bytes of `n`.
  ///
  /// - Throws: for too much, in the name of `section`, the part that adds this step.
  mutating func add(
    factor: Double = 1, addition: Int = 0, of section: Section
  ) throws(TokenizerError) {
    self.factor *= max(factor, 1)
    self.addition = self.addition * max(factor, 1) + Double(addition)
    guard self.factor + self.addition <= Double(Self.limit) else {
      throw section.error(.multipliesText(field: section.path, limit: Self.limit))
    }
  }

  /// Adds a step that replaces texts.
  mutating func add(_ replacement: ByteReplacement, of section: Section) throws(TokenizerError) {
    try add(factor: Double(replacement.content.count) / Double(replacement.pattern.count), of: section)
  }
}

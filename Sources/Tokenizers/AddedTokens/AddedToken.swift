/// A token that is looked for in the text itself, before the model sees any of it.
struct AddedToken: Sendable {
  let content: String
  /// Special tokens mark up a sequence: in document text none is ever recognised.
  let isSpecial: Bool
  /// It only counts where no word character is next to it.
  let isSingleWord: Bool
  /// White space before it belongs to it.
  let stripsLeft: Bool
  /// White space after it belongs to it.
  let stripsRight: Bool
  /// It is looked for, normalized, in the normalized text.
  let isNormalized: Bool

  /// One entry of `added_tokens`.
  init(_ section: Section) throws(TokenizerError) {
    content = try section.string("content")
    isSpecial = try section.bool("special")
    isSingleWord = try section.bool("single_word")
    stripsLeft = try section.bool("lstrip")
    stripsRight = try section.bool("rstrip")
    isNormalized = try section.bool("normalized")
  }

  /// A token that counts wherever its spelling stands in the text itself.
  init(content: String, isSpecial: Bool) {
    self.content = content
    self.isSpecial = isSpecial
    isSingleWord = false
    stripsLeft = false
    stripsRight = false
    isNormalized = false
  }
}

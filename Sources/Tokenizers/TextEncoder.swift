/// How text becomes tokens: the stages of a tokenizer, in order.
final class TextEncoder: Sendable {
  let added: AddedVocabulary
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
  let model: BytePairEncoding

  init(_ file: TokenizerFile) throws(TokenizerError) {
    normalizer = if let section = file.normalizer { try Normalizer(section) } else { nil }
    preTokenizer = if let section = file.preTokenizer { try PreTokenizer(section) } else { nil }
    model = try BytePairEncoding(file.model, isByteLevel: preTokenizer?.isByteLevel ?? false)
    added = try AddedVocabulary(file.addedTokens, vocabulary: model.vocabulary, normalizer: normalizer)
  }

  /// The stages themselves.
  init(
    normalizer: Normalizer?, preTokenizer: PreTokenizer?, model: BytePairEncoding, added: [AddedToken]
  ) throws(TokenizerError) {
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.added = try AddedVocabulary(added, vocabulary: model.vocabulary, normalizer: normalizer)
  }

  /// The tokens of a text.
  ///
  /// - Parameter special: whether what spells a special token becomes one.
  func encode(_ text: String, special: Bool) -> [Int32] { encode(PreTokenizedText(Array(text.utf8)), special: special) }

  /// The tokens of texts side by side, in some of which what spells a special token becomes one.
  func encode(_ runs: [(text: String, recognizesSpecial: Bool)]) -> [Int32] {
    encode(PreTokenizedText(runs), special: true)
  }

  private func encode(_ text: PreTokenizedText, special: Bool) -> [Int32] {
    var text = text
    added.findExact(in: &text, special: special)
    if let normalizer {
      text.rewrite { piece, _, result in result += normalizer.normalize(Array(piece)) }
    }
    added.findNormalized(in: &text, special: special)
    preTokenizer?.apply(to: &text)

    var encoder = BytePairEncoder(model: model, bytes: text.bytes)
    for piece in text.pieces {
      if piece.isText {
        encoder.append(piece.range)
      } else {
        encoder.append(piece.token)
      }
    }
    return encoder.tokens
  }

  /// The ID of the token that `text` spells, added or of the model's vocabulary.
  func id(of text: String) -> Int32? { added.id(of: text) ?? model.vocabulary.id(of: text) }

  /// How a token is spelled for the decoder, and whether it is left out with special tokens.
  func spelling(of token: Int32) -> (bytes: ArraySlice<UInt8>, isSpecial: Bool)? {
    if let entry = added.entries[token] { return (entry.spelling[...], entry.isSkipped) }
    return model.vocabulary.bytes(of: token).map { ($0, false) }
  }
}

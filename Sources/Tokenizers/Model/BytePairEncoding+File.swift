extension BytePairEncoding {
  /// Makes the model of a file.
  init(_ file: ModelFile, isByteLevel: Bool) throws(TokenizerError) {
    let vocabulary = file.vocabulary
    var fallback = SymbolAlphabet.Fallback()
    fallback.fusesUnknown = file.fusesUnknown
    fallback.unknown = file.unknownToken.flatMap { vocabulary.id(of: $0) }
    if file.fallsBackToBytes {
      fallback.byteTokens = (UInt8.min...UInt8.max).map { vocabulary.id(of: ByteFallbackStage.spelling(of: $0)) ?? -1 }
    }
    let alphabet = SymbolAlphabet(isByteLevel: isByteLevel, fallback: fallback, vocabulary: vocabulary)
    if !alphabet.isComplete {
      if isByteLevel, file.fallsBackToBytes {
        throw TokenizerError(
          .unsupported(
            field: "model.byte_fallback", found: "true",
            supported: ["false with `ByteLevel` and tokens missing for bytes"]))
      }
      if let name = file.unknownToken, fallback.unknown == nil {
        throw TokenizerError(.tokenOutOfVocabulary(field: "model.unk_token", token: name))
      }
    }
    self.init(alphabet: alphabet, merges: file.merges, ignoresMerges: file.ignoresMerges)
  }
}

extension Tokenizer {
  /// The bytes that a token adds to a text, special tokens included; none for an ID that is no token's.
  ///
  /// They need not be whole characters, and what a decoder drops in front of a text's first token is there.
  public func bytes(of token: Int32) -> [UInt8] {
    guard let (spelling, _) = encoder.spelling(of: token) else { return [] }
    let stages = decoder.makeStages()
    if stages.contains(where: { $0 is ByteLevelStage }) {
      return ByteLevelStage.bytes(spelledBy: Array(spelling)) ?? Array(spelling)
    }
    if stages.contains(where: { $0 is ByteFallbackStage }),
      let byte = ByteFallbackStage.byte(spelledBy: Array(spelling))
    {
      return [byte]
    }
    var stream = makeStreamingDecoder(skippingSpecialTokens: false)
    var first: [UInt8] = []
    stream.append(token, to: &first)
    var bytes: [UInt8] = []
    stream.append(token, to: &bytes)
    stream.finish(appendingTo: &bytes)
    return bytes
  }
}

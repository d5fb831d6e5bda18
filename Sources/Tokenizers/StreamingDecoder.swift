/// Makes text of tokens as they come.
///
/// What `append` and `finish` return, joined, is what `Tokenizer.decode` returns for all the tokens. No call returns
/// part of a character, and none takes back what another returned: text that later tokens may still change is held.
public struct StreamingDecoder: Sendable {
  private let vocabulary: TextEncoder
  private let decoder: TextDecoder
  private let skipsSpecialTokens: Bool
  private var stages: [any DecodingStage]

  init(_ vocabulary: TextEncoder, _ decoder: TextDecoder, skippingSpecialTokens: Bool) {
    self.vocabulary = vocabulary
    self.decoder = decoder
    skipsSpecialTokens = skippingSpecialTokens
    stages = decoder.makeStages()
  }

  /// The text that a token settles; empty for an ID that is no token's.
  public mutating func append(_ token: Int32) -> String {
    var result: [UInt8] = []
    append(token, to: &result)
    return String(decoding: result, as: UTF8.self)
  }

  /// The text that was held. The decoder is then as new.
  public mutating func finish() -> String {
    var result: [UInt8] = []
    finish(appendingTo: &result)
    return String(decoding: result, as: UTF8.self)
  }

  mutating func append(_ token: Int32, to result: inout [UInt8]) {
    guard let (spelling, isSpecial) = vocabulary.spelling(of: token), !(isSpecial && skipsSpecialTokens) else { return }
    var fragments = [Fragment(bytes: Array(spelling), endsToken: true)]
    for index in stages.indices { fragments = fragments.flatMap { stages[index].process($0) } }
    for fragment in fragments { result += fragment.bytes }
  }

  mutating func finish(appendingTo result: inout [UInt8]) {
    var fragments: [Fragment] = []
    for index in stages.indices {
      fragments = fragments.flatMap { stages[index].process($0) }
      fragments += stages[index].finish()
    }
    for fragment in fragments { result += fragment.bytes }
    stages = decoder.makeStages()
  }
}

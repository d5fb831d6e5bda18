import Testing
import Tokenizers

/// Agreement with Hugging Face's `tokenizers`, ID by ID.
@Suite struct GoldenTests {
  @Test(arguments: Fixture.all)
  func encodesAsTheLibrary(_ fixture: Fixture) throws {
    try expectEncoded(by: try fixture.tokenizer(), fixture)
  }

  @Test(arguments: Fixture.all.filter(\.hasGGUF))
  func encodesFromGGUFAsTheLibrary(_ fixture: Fixture) throws {
    let (tokenizer, other) = (try fixture.ggufTokenizer(), try fixture.tokenizer())
    try expectEncoded(by: tokenizer, fixture)
    #expect(tokenizer.beginOfSequence == other.beginOfSequence)
    #expect(tokenizer.endOfSequence == other.endOfSequence)
    #expect(!tokenizer.restTokens.isEmpty && tokenizer.restTokens == other.restTokens)
    #expect(tokenizer.chatTemplate == other.chatTemplate)
    #expect(tokenizer.vocabularySize == other.vocabularySize)
    for golden in try fixture.goldens().decoded {
      guard let ids = golden.ids else { continue }
      #expect(tokenizer.decode(ids) == other.decode(ids), "\(ids)")
      #expect(
        tokenizer.decode(ids, skippingSpecialTokens: false) == other.decode(ids, skippingSpecialTokens: false), "\(ids)"
      )
    }
  }

  private func expectEncoded(by tokenizer: Tokenizer, _ fixture: Fixture) throws {
    let goldens = try fixture.goldens()
    let texts = try fixture.texts()
    #expect(goldens.encoded.count == texts.count && goldens.template.count == texts.count)
    for (index, text) in texts.enumerated() {
      expect(tokenizer.encode(text), goldens.encoded[index], text)
      expect(tokenizer.encodeTemplate(text), goldens.template[index] ?? goldens.encoded[index], text)
    }
  }

  @Test(arguments: Fixture.all)
  func decodesAsTheLibrary(_ fixture: Fixture) throws {
    let tokenizer = try fixture.tokenizer()
    let goldens = try fixture.goldens()
    let texts = try fixture.texts()
    #expect(goldens.decoded.count > 20)
    for golden in goldens.decoded {
      let original = golden.text.map { texts[$0] }
      let ids = try #require(golden.ids ?? original.map(tokenizer.encodeTemplate))
      let without = try #require(golden.withoutSpecialTokens ?? original)
      let everything = golden.withSpecialTokens ?? without
      expect(tokenizer.decode(ids), without, ids)
      expect(tokenizer.decode(ids, skippingSpecialTokens: false), everything, ids)
      expect(stream(ids, tokenizer.makeStreamingDecoder()), without, ids)
      expect(stream(ids, tokenizer.makeStreamingDecoder(skippingSpecialTokens: false)), everything, ids)
    }
  }

  private func expect(_ ids: [Int32], _ golden: Goldens.Expected, _ text: String) {
    switch golden {
    case .ids(let expected): #expect(ids == expected, "\(text.debugDescription)")
    case .digest(let expected): #expect(digest(ids) == expected, "\(text.prefix(20).debugDescription) …")
    }
  }

  /// Compares byte by byte: `String` takes canonically equivalent texts for equal.
  private func expect(_ text: String, _ expected: String, _ ids: [Int32]) {
    #expect(text.utf8.elementsEqual(expected.utf8), "\(text.debugDescription), \(expected.debugDescription), \(ids)")
  }

  private func stream(_ ids: [Int32], _ decoder: StreamingDecoder) -> String {
    var decoder = decoder
    let parts = ids.map { decoder.append($0) }
    return parts.joined() + decoder.finish()
  }

  /// Number of IDs, and FNV-1a over their bytes.
  private func digest(_ ids: [Int32]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for id in ids {
      for shift in [0, 8, 16, 24] { hash = (hash ^ UInt64(id >> Int32(shift) & 0xFF)) &* 0x100_0000_01B3 }
    }
    let digits = String(hash, radix: 16)
    return "\(ids.count):" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

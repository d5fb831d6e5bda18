import Testing
import Tokenizers

/// Text of tokens as they come. (That it equals `decode` is part of `GoldenTests`.)
@Suite struct StreamingDecoderTests {
  @Test func holdsBackIncompleteCharacters() throws {
    let tokenizer = try Fixture("qwen2").tokenizer()
    let tokens = tokenizer.encode("a\u{10348}b")
    #expect(tokens.count == 6)
    var decoder = tokenizer.makeStreamingDecoder()
    #expect(tokens.map { decoder.append($0) } == ["a", "", "", "", "\u{10348}", "b"])
    #expect(decoder.finish() == "")
  }

  @Test func givesUpOnCharactersThatDoNotGoOn() throws {
    let tokenizer = try Fixture("qwen2").tokenizer()
    let tokens = tokenizer.encode("\u{10348}")
    var decoder = tokenizer.makeStreamingDecoder()
    #expect(tokens.dropLast().map { decoder.append($0) } == ["", "", ""])
    #expect(decoder.append(tokenizer.encode("b")[0]) == "\u{FFFD}b")
    #expect(decoder.append(tokens[0]) == "")
    #expect(decoder.finish() == "\u{FFFD}")
  }

  @Test func stripsTheSpaceBeforeTheTextOnce() throws {
    let tokenizer = try Fixture("llama2").tokenizer()
    let tokens = tokenizer.encode("the market the")
    var decoder = tokenizer.makeStreamingDecoder()
    let parts = tokens.map { decoder.append($0) }
    #expect(parts.joined() == "the market the")
    #expect(parts.first?.hasPrefix("t") == true)
    #expect(decoder.finish() == "")
    // Finished, it is as new.
    #expect(decoder.append(tokens[0]) == parts[0])
  }

  @Test func holdsBackBytesUntilTheirRunEnds() throws {
    let tokenizer = try Fixture("llama2").tokenizer()
    func byte(_ value: Int32) -> Int32 { 3 + value }  // after <unk>, <s> and </s>
    var decoder = tokenizer.makeStreamingDecoder()
    #expect([0xF0, 0x90, 0x8D, 0x88].map { decoder.append(byte($0)) } == ["", "", "", ""])
    let word = tokenizer.encode("the")[0]
    #expect(decoder.append(word).hasPrefix("\u{10348} t"))
    // One byte that is not UTF-8 spoils all of its run, as in the library.
    #expect([0x41, 0xFF, 0x42].map { decoder.append(byte($0)) } == ["", "", ""])
    #expect(decoder.finish() == "\u{FFFD}\u{FFFD}\u{FFFD}")
  }

  @Test func skipsWhatIsNoToken() throws {
    let tokenizer = try Fixture("llama3").tokenizer()
    var decoder = tokenizer.makeStreamingDecoder()
    #expect(decoder.append(-1) == "")
    #expect(decoder.append(.max) == "")
    #expect(decoder.append(tokenizer.encodeTemplate("<|eot_id|>")[0]) == "")
    #expect(decoder.finish() == "")
  }

  @Test func replacesAcrossTokensOnceTheyAreFused() throws {
    let tokenizer = try TokenizerJSON.tokenizer {
      $0.decoder = """
        {"type": "Sequence", "decoders": [{"type": "Fuse"},
          {"type": "Replace", "pattern": {"String": "aab"}, "content": "X"},
          {"type": "Strip", "content": "c", "start": 1, "stop": 2}]}
        """
    }
    var decoder = tokenizer.makeStreamingDecoder()
    #expect([3, 3, 1, 1, 1, 2, 3, 3, 1].map { decoder.append($0) } == ["", "", "", "", "ca", "X", "", "", ""])
    #expect(decoder.append(3) == "cca")
    #expect(decoder.finish() == "")
  }
}

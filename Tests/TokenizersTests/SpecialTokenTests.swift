import Testing
import Tokenizers

/// What begins and ends a sequence, fills gaps, and marks up a chat.
@Suite struct SpecialTokenTests {
  @Test(
    arguments: [
      // The post-processor decides where `add_bos_token` is not given.
      ("gpt2", nil, "<|endoftext|>"),
      ("llama3", "<|begin_of_text|>", "<|eot_id|>"),
      ("codellama", "<s>", "</s>"),
      ("smollm", nil, "<|im_end|>"),
      // `add_bos_token` decides.
      ("qwen2", nil, "<|im_end|>"),
      ("llama2", "<s>", "</s>"),
      ("mistral", "<s>", "</s>"),
      ("deepseek", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
      ("words", nil, nil),
    ] as [(String, String?, String?)])
  func findsTheEndsOfASequence(_ family: String, begin: String?, end: String?) throws {
    let tokenizer = try Fixture(family).tokenizer()
    let tokens = [tokenizer.beginOfSequence, tokenizer.endOfSequence]
    let spellings = tokens.map { $0.map { tokenizer.decode([$0], skippingSpecialTokens: false) } }
    #expect(spellings == [begin, end])
  }

  @Test func addsBeginOfSequenceAsTheConfigurationSays() throws {
    func begin(_ config: String?) throws -> Int32? {
      try TokenizerJSON.tokenizer {
        $0.added = "[\(TokenizerJSON.added("<s>", id: 8, ["special"]))]"
        $0.postProcessor = """
          {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": true}, {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [8], "tokens": ["<s>"]}}}]}
          """
        $0.config = config
      }.beginOfSequence
    }
    #expect(try begin(nil) == 8)
    #expect(try begin("{}") == 8)
    #expect(try begin(#"{"bos_token": "abc"}"#) == 8)
    #expect(try begin(#"{"add_bos_token": null, "bos_token": "abc"}"#) == 8)
    #expect(try begin(#"{"add_bos_token": false, "bos_token": "<s>"}"#) == nil)
    #expect(try begin(#"{"add_bos_token": true, "bos_token": "abc"}"#) == 5)
    #expect(try begin(#"{"add_bos_token": true, "bos_token": {"content": "<s>"}}"#) == 8)
    #expect(try begin(#"{"add_bos_token": true}"#) == 8)
  }

  @Test func textRestsOnTheTokensThatTheFileNames() throws {
    func rest(_ config: String?) throws -> [Int32] { try TokenizerJSON.tokenizer { $0.config = config }.restTokens }
    #expect(try rest(nil) == [])
    #expect(try rest(#"{"bos_token": "abc", "eos_token": {"content": "c"}}"#) == [5, 3])
    #expect(try rest(#"{"bos_token": "abc", "add_bos_token": false}"#) == [5])
    #expect(try rest(#"{"bos_token": null, "eos_token": "c"}"#) == [3])
    #expect(try rest(#"{"bos_token": "nowhere", "eos_token": "c"}"#) == [3])
  }

  @Test func beginsNoSequenceWithATokenBehindTheText() throws {
    let tokenizer = try TokenizerJSON.tokenizer {
      $0.postProcessor = """
        {"type": "TemplateProcessing", "pair": [], "special_tokens": {"c": {"id": "c", "ids": [3], "tokens": ["c"]}},
         "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "c", "type_id": 0}}]}
        """
    }
    #expect(tokenizer.beginOfSequence == nil)
  }

  @Test func fillsGapsWithTheUnknownTokenOrASpace() throws {
    let llama = try Fixture("llama2").tokenizer()
    #expect(llama.unknownToken == 0 && llama.placeholder == 0)
    let qwen = try Fixture("qwen2").tokenizer()
    #expect(qwen.unknownToken == nil)
    #expect(qwen.decode([qwen.placeholder]) == " ")
  }

  @Test func findsTheChatTemplate() throws {
    #expect(try Fixture("qwen2").tokenizer().chatTemplate == "{{ messages }}")
    #expect(try Fixture("mistral").tokenizer().chatTemplate == "plain")
    #expect(try Fixture("llama2").tokenizer().chatTemplate == nil)
    let first = try TokenizerJSON.tokenizer {
      $0.config = #"{"chat_template": [{"name": "rag", "template": "x"}, {"name": "tools", "template": "y"}]}"#
    }
    #expect(first.chatTemplate == "x")
  }

  /// No spelling makes a special token in a document; a chat template's text has them.
  @Test(arguments: Fixture.families)
  func keepsSpecialTokensOutOfDocuments(_ fixture: Fixture) throws {
    let tokenizer = try fixture.tokenizer()
    let texts = try fixture.texts()
    let special = (0..<Int32(tokenizer.vocabularySize)).filter {
      tokenizer.decode([$0]).isEmpty && !tokenizer.decode([$0], skippingSpecialTokens: false).isEmpty
    }
    #expect(!special.isEmpty)
    let marks = Set(special).subtracting([tokenizer.unknownToken].compactMap(\.self))
    for text in texts { #expect(marks.isDisjoint(with: tokenizer.encode(text))) }
    for token in special {
      let spelling = tokenizer.decode([token], skippingSpecialTokens: false).replacing(" ", with: "▁")
      #expect(!marks.contains(token) || !tokenizer.encode("a\(spelling)b").contains(token))
      #expect(tokenizer.encodeTemplate(" \(spelling) ▁\(spelling)").contains(token))
    }
  }

  @Test func countsIDsOfAddedTokens() throws {
    let tokenizer = try TokenizerJSON.tokenizer {
      $0.added = "[\(TokenizerJSON.added("ab", id: 4)),\(TokenizerJSON.added("<s>", id: 99, ["special"]))]"
    }
    // As in the library, a token that the vocabulary lacks gets the next ID, whatever the file says.
    #expect(tokenizer.vocabularySize == 9)
    #expect(tokenizer.encodeTemplate("<s>abc") == [8, 4, 3])
  }
}

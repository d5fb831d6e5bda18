import Failure
import Testing
import Tokenizers

/// What a file asks for and is not supported, or is wrong, is named.
@Suite struct TokenizerErrorTests {
  private func problem(_ change: (inout TokenizerJSON) -> Void) -> TokenizerError.Problem? {
    do throws(TokenizerError) {
      _ = try TokenizerJSON.tokenizer(change)
      return nil
    } catch {
      return error.problem
    }
  }

  /// Expects that a part is refused, by the field that it is in and what was found there.
  private func expectUnsupported(_ field: String, _ found: String, _ change: (inout TokenizerJSON) -> Void) {
    guard case .unsupported(field, found, let supported)? = problem(change) else {
      Issue.record("\(field): \(problem(change).map { "\($0)" } ?? "accepted")")
      return
    }
    #expect(!supported.isEmpty)
  }

  @Test func takesTheSmallTokenizer() throws {
    let tokenizer = try TokenizerJSON().tokenizer()
    #expect(tokenizer.encode("abcab x") == [5, 4, 7, 0])
    #expect(tokenizer.vocabularySize == 8)
    #expect(tokenizer.decode([5, 4]) == "abc ab")
  }

  @Test func namesWhatIsNotSupported() {
    expectUnsupported("version", "2.0") { $0.version = #""2.0""# }
    expectUnsupported("model.type", "Unigram") { $0.type = #""Unigram""# }
    expectUnsupported("model.dropout", "0.1") { $0.options = #""dropout": 0.1"# }
    expectUnsupported("model.end_of_word_suffix", "</w>") { $0.options = #""end_of_word_suffix": "</w>""# }
    expectUnsupported("model.continuing_subword_prefix", "##") {
      $0.options = ###""continuing_subword_prefix": "##""###
    }
    expectUnsupported("model.byte_fallback", "true") {
      $0.options = #""byte_fallback": true"#
      $0.preTokenizer = #"{"type": "ByteLevel", "add_prefix_space": false}"#
    }
    expectUnsupported("normalizer.type", "NFKC") { $0.normalizer = #"{"type": "NFKC"}"# }
    expectUnsupported("normalizer.normalizers[1].type", "Precompiled") {
      $0.normalizer = #"{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}"#
    }
    expectUnsupported("normalizer.pattern.Regex", " {2,}") {
      $0.normalizer = #"{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}"#
    }
    expectUnsupported("normalizer.pattern.String", "") {
      $0.normalizer = #"{"type": "Replace", "pattern": {"String": ""}, "content": "▁"}"#
    }
    expectUnsupported("pre_tokenizer.type", "BertPreTokenizer") { $0.preTokenizer = #"{"type": "BertPreTokenizer"}"# }
    expectUnsupported("pre_tokenizer.pattern.Regex", #"\p{Lu}+"#) {
      $0.preTokenizer =
        #"{"type": "Split", "pattern": {"Regex": "\\p{Lu}+"}, "behavior": "Isolated", "invert": false}"#
    }
    expectUnsupported("pre_tokenizer.behavior", "Merged") {
      $0.preTokenizer = #"{"type": "Punctuation", "behavior": "Merged"}"#
    }
    expectUnsupported("pre_tokenizer.prepend_scheme", "last") {
      $0.preTokenizer = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "last"}"#
    }
    expectUnsupported("pre_tokenizer.pretokenizers[1].type", "Metaspace after ByteLevel") {
      $0.preTokenizer = """
        {"type": "Sequence", "pretokenizers": [
          {"type": "ByteLevel", "add_prefix_space": false}, {"type": "Metaspace", "replacement": "▁"}]}
        """
    }
    expectUnsupported("post_processor.type", "BertProcessing") { $0.postProcessor = #"{"type": "BertProcessing"}"# }
    expectUnsupported("decoder.type", "WordPiece") { $0.decoder = #"{"type": "WordPiece"}"# }
  }

  @Test func namesWhatIsWrong() {
    #expect(
      problem { $0.preTokenizer = #"{"type": "ByteLevel"}"# } == .missing(field: "pre_tokenizer.add_prefix_space"))
    #expect(
      problem { $0.decoder = "[]" } == .mistyped(field: "decoder", expected: "an object", found: "an array"))
    #expect(
      problem { $0.options = #""fuse_unk": "yes""# }
        == .mistyped(field: "model.fuse_unk", expected: "a Boolean", found: "a string"))
    #expect(problem { $0.merges = #"["a"]"# } == .malformedMerge(index: 0, text: "a"))
    #expect(problem { $0.merges = #"["a b", "a b c"]"# } == .malformedMerge(index: 1, text: "a b c"))
    #expect(problem { $0.merges = #"[["a", "d"]]"# } == .mergeOutOfVocabulary(index: 0, token: "d"))
    #expect(problem { $0.merges = #"[["b", "a"]]"# } == .mergeOutOfVocabulary(index: 0, token: "ba"))
    #expect(problem { $0.vocabulary = #"{"a": 1, "b": 1}"# } == .duplicateID(1, first: "a", second: "b"))
    #expect(
      problem { $0.vocabulary = #"{"a": 99999999}"# } == .idOutOfRange(token: "a", id: 99_999_999, limit: 4_194_303))
    #expect(
      problem { $0.options = #""unk_token": "[UNK]""# }
        == .tokenOutOfVocabulary(field: "model.unk_token", token: "[UNK]"))
    #expect(
      problem { $0.config = #"{"add_bos_token": true, "bos_token": "<s>"}"# }
        == .tokenOutOfVocabulary(field: "bos_token", token: "<s>"))
    #expect(problem { $0.config = #"{"add_bos_token": true}"# } == .missing(field: "bos_token"))
    #expect(
      problem {
        $0.options = #""unk_token": null"#
        $0.vocabulary = #"{"a": 0}"#
        $0.merges = "[]"
      } == .noPlaceholder)
    #expect(
      problem {
        $0.normalizer = #"{"type": "Replace", "pattern": {"String": "x"}, "content": "y"}"#
        let tokens = [
          TokenizerJSON.added("xx", id: 8, ["normalized"]), TokenizerJSON.added("yy", id: 9, ["normalized"]),
        ]
        $0.added = "[\(tokens.joined(separator: ","))]"
      } == .ambiguousAddedTokens(first: "xx", second: "yy"))
  }

  @Test func saysWhatAndWhatToDo() {
    let unsupported = TokenizerError(.unsupported(field: "decoder.type", found: "WordPiece", supported: ["Fuse"]))
    #expect(unsupported.message == "`decoder.type` in `tokenizer.json` is `WordPiece`, which is not supported")
    #expect(unsupported.remedies == [.chooseSupported(["Fuse"])])
    #expect(unsupported.category == .input)
    #expect(
      "\(TokenizerError(.duplicateID(1, first: "a", second: "b")))"
        == "tokens `a` and `b` in `tokenizer.json` both have the ID 1")
  }

  /// What is wrong with the configuration is told by its name, without advice about the tokenizer's model.
  @Test func namesTheConfiguration() throws {
    for config in [#"{"add_bos_token": 1}"#, #"{"bos_token": 3}"#, #"{"chat_template": 1}"#, "[]", "{"] {
      let error = #expect(throws: TokenizerError.self) { try TokenizerJSON.tokenizer { $0.config = config } }
      #expect(error?.file == "tokenizer_config.json")
      #expect(error?.message.contains("`tokenizer_config.json`") == true)
      #expect(error.map { "\($0)".contains("BPE") || "\($0)".contains("pmlc") } == false)
    }
    let error = #expect(throws: TokenizerError.self) {
      try TokenizerJSON.tokenizer { $0.config = #"{"add_bos_token": 1}"# }
    }
    #expect(error?.message == "`add_bos_token` in `tokenizer_config.json` is a number where a Boolean should be")
  }

  /// Untrusted text is printable and short in messages.
  @Test func showsWhatAFileHoldsSafely() throws {
    let token = String(repeating: "x", count: 100_000)
    let error = #expect(throws: TokenizerError.self) {
      try TokenizerJSON.tokenizer { $0.merges = "[[\"a\", \"\\u001b]0;\(token)\"]]" }
    }
    #expect(error.map { $0.message.utf8.count < 300 && !$0.message.contains("\u{1B}") } == true)
  }

  /// Steps that multiply would make gigabytes of a page of text; the file is refused, and the step named.
  @Test(arguments: [
    ("Replace", 9), ("Prepend", 200), ("long Replace", 1), ("long Prepend", 1),
  ])
  func boundsWhatANormalizerMakes(of kind: String, count: Int) throws {
    let step =
      switch kind {
      case "Replace": #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#
      case "Prepend": #"{"type": "Prepend", "prepend": "a"}"#
      case "long Replace":
        #"{"type": "Replace", "pattern": {"String": "a"}, "content": "\#(String(repeating: "a", count: 1000))"}"#
      default: #"{"type": "Prepend", "prepend": "\#(String(repeating: "a", count: 1000))"}"#
      }
    let steps = Array(repeating: step, count: count).joined(separator: ",")
    let found = problem { $0.normalizer = #"{"type": "Sequence", "normalizers": [\#(steps)]}"# }
    guard case .multipliesText(let field, _)? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(field.hasPrefix("normalizer.normalizers["))
  }

  @Test func boundsWhatOtherPartsMakeOfText() {
    let metaspaces = Array(repeating: #"{"type": "Metaspace", "replacement": "▁"}"#, count: 4).joined(separator: ",")
    guard
      case .multipliesText("pre_tokenizer.pretokenizers[2]", _)? = problem({
        $0.preTokenizer = #"{"type": "Sequence", "pretokenizers": [\#(metaspaces)]}"#
      })
    else {
      Issue.record("pre-tokenizers were accepted")
      return
    }
    let replaces = Array(
      repeating: #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#, count: 9
    ).joined(separator: ",")
    guard
      case .multipliesText("decoder.decoders[6]", _)? = problem({
        $0.decoder = #"{"type": "Sequence", "decoders": [\#(replaces)]}"#
      })
    else {
      Issue.record("decoders were accepted")
      return
    }
  }

  /// What published tokenizers do is far below the bound.
  @Test func takesWhatPublishedTokenizersDo() throws {
    _ = try TokenizerJSON.tokenizer {
      $0.normalizer = """
        {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "▁"},
          {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
        """
    }
  }
}

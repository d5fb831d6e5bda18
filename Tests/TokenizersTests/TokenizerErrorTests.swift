import Testing
import Tokenizers

/// What a file asks for and is not supported, or is wrong, is named.
@Suite struct TokenizerErrorTests {
  private func error(_ change: (inout TokenizerJSON) -> Void) -> TokenizerError? {
    do throws(TokenizerError) {
      _ = try TokenizerJSON.tokenizer(change)
      return nil
    } catch {
      return error
    }
  }

  /// Expects that a part is refused, by the field that it is in and what was found there.
  private func expectUnsupported(_ field: String, _ found: String, _ change: (inout TokenizerJSON) -> Void) {
    guard case .unsupported(field, found, let supported)? = error(change) else {
      Issue.record("\(field): \(error(change).map { "\($0)" } ?? "accepted")")
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
    #expect(error { $0.preTokenizer = #"{"type": "ByteLevel"}"# } == .missing(field: "pre_tokenizer.add_prefix_space"))
    #expect(
      error { $0.decoder = "[]" } == .mistyped(field: "decoder", expected: "an object", found: "an array"))
    #expect(
      error { $0.options = #""fuse_unk": "yes""# }
        == .mistyped(field: "model.fuse_unk", expected: "a Boolean", found: "a string"))
    #expect(error { $0.merges = #"["a"]"# } == .malformedMerge(index: 0, text: "a"))
    #expect(error { $0.merges = #"["a b", "a b c"]"# } == .malformedMerge(index: 1, text: "a b c"))
    #expect(error { $0.merges = #"[["a", "d"]]"# } == .mergeOutOfVocabulary(index: 0, token: "d"))
    #expect(error { $0.merges = #"[["b", "a"]]"# } == .mergeOutOfVocabulary(index: 0, token: "ba"))
    #expect(error { $0.vocabulary = #"{"a": 1, "b": 1}"# } == .duplicateID(1, first: "a", second: "b"))
    #expect(
      error { $0.vocabulary = #"{"a": 99999999}"# } == .idOutOfRange(token: "a", id: 99_999_999, limit: 4_194_303))
    #expect(
      error { $0.options = #""unk_token": "[UNK]""# }
        == .tokenOutOfVocabulary(field: "model.unk_token", token: "[UNK]"))
    #expect(
      error { $0.config = #"{"add_bos_token": true, "bos_token": "<s>"}"# }
        == .tokenOutOfVocabulary(field: "bos_token", token: "<s>"))
    #expect(error { $0.config = #"{"add_bos_token": true}"# } == .missing(field: "bos_token"))
    #expect(
      error {
        $0.options = #""unk_token": null"#
        $0.vocabulary = #"{"a": 0}"#
        $0.merges = "[]"
      } == .noPlaceholder)
    #expect(
      error {
        $0.normalizer = #"{"type": "Replace", "pattern": {"String": "x"}, "content": "y"}"#
        let tokens = [
          TokenizerJSON.added("xx", id: 8, ["normalized"]), TokenizerJSON.added("yy", id: 9, ["normalized"]),
        ]
        $0.added = "[\(tokens.joined(separator: ","))]"
      } == .ambiguousAddedTokens(first: "xx", second: "yy"))
  }

  @Test func saysWhatAndWhatToDo() {
    let unsupported = TokenizerError.unsupported(field: "model.type", found: "Unigram", supported: ["BPE"])
    #expect(unsupported.message == "`model.type` is `Unigram`, which is not supported")
    #expect(unsupported.help == "supported: `BPE`")
    #expect("\(unsupported)" == "`model.type` is `Unigram`, which is not supported (supported: `BPE`)")
    #expect("\(TokenizerError.duplicateID(1, first: "a", second: "b"))" == "tokens `a` and `b` both have the ID 1")
  }
}

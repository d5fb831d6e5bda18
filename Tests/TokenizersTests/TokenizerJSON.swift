import Tokenizers

/// The parts of a small `tokenizer.json`: characters `a` to `c`, their merges, `<unk>` for all others.
struct TokenizerJSON {
  var version = #""1.0""#
  var added = "[]"
  var normalizer = "null"
  var preTokenizer = "null"
  var postProcessor = "null"
  var decoder = "null"
  var type = #""BPE""#
  var options = #""unk_token": "<unk>""#
  var vocabulary = #"{"<unk>": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "abc": 5, "bc": 6, " ": 7}"#
  var merges = #"[["b", "c"], ["a", "bc"], ["a", "b"]]"#
  var config: String?

  var text: String {
    """
    {"version": \(version), "added_tokens": \(added), "normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer),
     "post_processor": \(postProcessor), "decoder": \(decoder),
     "model": {"type": \(type), \(options), "vocab": \(vocabulary), "merges": \(merges)}}
    """
  }

  func tokenizer() throws(TokenizerError) -> Tokenizer {
    try Tokenizer(tokenizerJSON: Array(text.utf8), configJSON: config.map { Array($0.utf8) })
  }

  /// A tokenizer of these parts, changed by `change`.
  static func tokenizer(_ change: (inout Self) -> Void) throws(TokenizerError) -> Tokenizer {
    var json = Self()
    change(&json)
    return try json.tokenizer()
  }

  /// An added token's JSON.
  static func added(_ content: String, id: Int, _ flags: Set<String> = []) -> String {
    let keys = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    let pairs = keys.map { "\"\($0)\": \(flags.contains($0))" }.joined(separator: ", ")
    return #"{"id": \#(id), "content": "\#(content)", \#(pairs)}"#
  }
}

/// An index into a model's vocabulary.
public typealias TokenID = Int32

/// What the compiler needs of a model's tokenizer.
public protocol TextTokenizer: Sendable {
  /// Tokens of one run of text, without special tokens: what spells one stays text.
  func tokens(of text: String) -> [TokenID]
  /// Tokens of a chat template's text, in which special tokens are recognised.
  func tokens(ofTemplate text: String) -> [TokenID]
  /// The token that begins a sequence, where the model wants one.
  var beginOfSequence: TokenID? { get }
  /// What fills a parameter's positions while the text around it is encoded: `unk_token`, or else the first token of a
  /// single space.
  var placeholder: TokenID { get }
  /// Longest sequence that the model takes, in positions.
  var contextLength: Int { get }
}

extension TextTokenizer {
  /// Tokens of a run, by its origin.
  public func tokens(of run: TextRun) -> [TokenID] {
    switch run.origin {
    case .document: tokens(of: run.text)
    case .template: tokens(ofTemplate: run.text)
    }
  }
}

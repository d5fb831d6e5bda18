/// How soon encodings are wanted that are computed between answers, or what a prompt's new text attends to.
public enum EncodingPriority: Hashable, Sendable {
  /// A request waits for them: they take turns with the prompts of answers.
  case answer
  /// Nobody waits: they are computed while no answer has a token or a part of a prompt to compute, and give way within a
  /// layer.
  case background
}

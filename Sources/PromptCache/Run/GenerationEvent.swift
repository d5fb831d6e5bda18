/// What becomes known of an answer: tokens and pieces of text as they come, then its end.
public enum GenerationEvent: Sendable {
  /// The next token of the answer, with its log-probabilities where they were asked for.
  case token(Int32, Completion.Position?)
  /// The next piece of the answer's text: whole characters, and no part of a stop string.
  case text(String)
  /// The whole answer, and what it took. Nothing follows.
  case finish(Completion)
}

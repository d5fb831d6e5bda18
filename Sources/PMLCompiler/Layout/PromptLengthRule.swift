/// Which positions a prompt's length is held against the model's by.
public enum PromptLengthRule: Hashable, Sendable {
  /// Those where its parts are placed, with what stays empty between them.
  case placed
  /// Those of plain inference, which has the same tokens at 0, 1, 2, …
  case plain
}

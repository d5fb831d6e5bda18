/// Puts the pieces of a prompt program together.
///
/// It deliberately has no `if`: the schema must not depend on which branch is taken. `When` and `Choose` put all of their
/// content into the schema and import what applies. Loops are fine as long as they always run over the same things.
@resultBuilder public enum PromptBuilder {
  /// Text, as it stands.
  public static func buildExpression(_ text: String) -> PromptContent { PromptContent(nodes: [.text(text)]) }

  /// A part.
  public static func buildExpression(_ part: some PromptPart) -> PromptContent { part.content }

  /// What a function with this builder has put together.
  public static func buildExpression(_ content: PromptContent) -> PromptContent { content }

  /// Pieces one after the other.
  public static func buildBlock(_ pieces: PromptContent...) -> PromptContent { buildArray(pieces) }

  /// The pieces of a loop.
  public static func buildArray(_ pieces: [PromptContent]) -> PromptContent {
    PromptContent(nodes: pieces.flatMap(\.nodes))
  }
}

/// Puts the alternatives of a choice together.
@resultBuilder public enum AlternativeBuilder {
  /// An alternative.
  public static func buildExpression(_ alternative: Alternative) -> [Alternative] { [alternative] }

  /// Alternatives one after the other.
  public static func buildBlock(_ alternatives: [Alternative]...) -> [Alternative] { alternatives.flatMap { $0 } }

  /// The alternatives of a loop.
  public static func buildArray(_ alternatives: [[Alternative]]) -> [Alternative] { alternatives.flatMap { $0 } }
}

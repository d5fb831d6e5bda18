public import PMLCompiler

/// Tokens of a prompt at consecutive positions: a segment of the schema, what fills a parameter, or new text.
public struct PromptPart: Hashable, Sendable {
  /// What they are.
  public let content: PromptLayout.Part.Content
  /// Position of the first one.
  public let start: Int
  /// How many.
  public let tokens: Int
  /// How many of them are computed.
  public let computed: Int
  /// How many have the states of plain inference though they need not be computed.
  public let exact: Int

  /// How many have states in the store.
  public var cached: Int { tokens - computed }
}

extension PlannedSchema {
  /// Path of the module that a part of a prompt belongs to, empty for the schema's own text; `nil` for new text.
  public func path(of content: PromptLayout.Part.Content) -> String? {
    guard case .schema(let item) = content else { return nil }
    let path = plan.layout.modules[plan.layout.module(of: item)].path
    return path == .root ? "" : path.description
  }
}

/// A value that a template is given.
public indirect enum TemplateValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(TracedText)
  case list([TemplateValue])
  /// Keys in their order, each once.
  case mapping([(key: String, value: TemplateValue)])

  /// Text that the template's author trusts: the name of a role, a special token.
  public static func trusted(_ text: String) -> TemplateValue { .text(TracedText(text)) }
  /// Text of a conversation.
  public static func message(_ text: String) -> TemplateValue { .text(TracedText(text, from: .message)) }
  /// Text of a conversation that came in parts, the first one with the number `first`.
  public static func message(_ parts: [String], numberedFrom first: Int) -> TemplateValue {
    .text(TracedText(ofMessage: parts, numberedFrom: first))
  }
}

extension Value {
  init(_ value: TemplateValue) {
    switch value {
    case .none: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .text(let text): self = .text(text)
    case .list(let items): self = .list(items.map(Value.init))
    case .mapping(let pairs): self = .mapping(Mapping(pairs.map { (.text(TracedText($0.key)), Value($0.value)) }))
    }
  }
}

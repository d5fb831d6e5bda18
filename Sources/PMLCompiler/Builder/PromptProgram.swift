/// A schema and a prompt for it, described once in Swift.
///
/// The description says what can be in a prompt and, by the values that it is made from, what is:
///
/// ```swift
/// func trip(to city: String?, days: String, isFrugal: Bool, question: String) -> PromptProgram {
///   PromptProgram("trip") {
///     SystemTurn { "You plan trips." }
///     Part("plan") {
///       "Plan a trip of "
///       Parameter("days", length: 4, placeholder: "3", argument: days)
///       " days."
///       When("budget", isFrugal) { "Mind the costs." }
///     }
///     Choose(city) {
///       Alternative("miami") { "Miami has beaches." }
///       Alternative("paris") { "Paris has museums." }
///     }
///     NewText(question, as: .user)
///   }
/// }
/// ```
///
/// `schema` has all of it: parts and what is optional as modules, choices as unions. It is the same whatever the values are,
/// as long as no text is made from them: what differs from prompt to prompt is an argument, or new text. `prompt` imports
/// what holds for the values. Both are documents of PML that compile like others, with the texts exactly as they stand here.
public struct PromptProgram: Sendable {
  private let name: String
  private let positions: Schema.Positions
  private let attention: Schema.Attention
  private let content: PromptContent

  /// A program for the schema `name`.
  public init(
    _ name: String, positions: Schema.Positions = .compact, attention: Schema.Attention = .context,
    @PromptBuilder _ content: () -> PromptContent
  ) {
    self.name = name
    self.positions = positions
    self.attention = attention
    self.content = content()
  }

  /// The schema's document.
  public var schema: String {
    var writer = SchemaWriter()
    writer.write(content.nodes, name: name, positions: positions, attention: attention)
    return writer.text
  }

  /// The prompt's document.
  public var prompt: String {
    var writer = PromptWriter()
    writer.write(content.nodes, schema: name)
    return writer.text
  }
}

/// What a prompt program holds; made by `PromptBuilder`.
public struct PromptContent: Sendable {
  let nodes: [ProgramNode]
}

/// A piece of a prompt program.
public protocol PromptPart: Sendable {
  /// What it adds to the program.
  var content: PromptContent { get }
}

/// A prompt program as data.
indirect enum ProgramNode: Sendable {
  case text(String)
  case parameter(Parameter)
  case module(ProgramModule)
  case union([ProgramModule], scaffold: String?)
  case library(Library)
  case role(ChatTemplate.Role, [ProgramNode])
  case newText(String, ChatTemplate.Role?)
}

/// A module of a prompt program, and whether its prompt imports it.
struct ProgramModule: Sendable {
  let name: String
  let isImported: Bool
  let attention: Schema.Attention?
  let isCached: Bool
  let nodes: [ProgramNode]
}

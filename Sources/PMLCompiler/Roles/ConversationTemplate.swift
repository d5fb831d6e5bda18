internal import Failure
internal import Jinja

/// One message of a conversation.
public struct ChatMessage: Hashable, Sendable {
  /// Whose message it is, as the template calls it: `system`, `user`, `assistant`, or what else a template knows.
  public let role: String
  /// What it says.
  public let text: String

  /// A message.
  public init(role: String, text: String) {
    self.role = role
    self.text = text
  }
}

/// Why a conversation cannot be written: the template refuses it, or cannot be run.
public struct ConversationError: Error, Hashable, CustomStringConvertible {
  /// What is wrong, in one clause whose subject is the template.
  public let message: String
  /// Whether it is the conversation that is refused, and another may do.
  public let isRefusal: Bool

  /// The message, with its subject.
  public var description: String { "the model's chat template \(message)" }

  init(_ fault: TemplateFault) {
    message = fault.message
    isRefusal = fault.isRefusal
  }
}

/// Writes conversations as a model was trained to read them: by its own chat template, message by message.
///
/// The text comes in runs by origin. What a message says is a document's text, in which nothing is a special token, whatever it
/// spells; what the template writes around it may hold them.
public struct ConversationTemplate: Sendable {
  private enum Program {
    case jinja(source: String, variables: [String: String])
    case parts(ChatTemplate, begin: String)
  }

  private let program: Program

  /// Writes conversations by a program in Jinja, as `transformers` does.
  ///
  /// - Parameters:
  ///   - program: the model's template.
  ///   - specialTokens: the texts of `bos_token`, `eos_token` and others by these names.
  public init(rendering program: String, specialTokens: [String: String]) {
    self.program = .jinja(source: program, variables: specialTokens)
  }

  /// Writes conversations with these parts around each role's text.
  ///
  /// - Parameters:
  ///   - parts: what stands around each role's text.
  ///   - beginOfSequence: what begins a sequence, as text; empty if nothing does.
  public init(parts: ChatTemplate, beginOfSequence: String = "") {
    program = .parts(parts, begin: beginOfSequence)
  }

  /// The text of a conversation.
  ///
  /// - Parameters:
  ///   - messages: in order.
  ///   - opensAnswer: whether the header of the assistant's answer follows.
  ///   - clock: gives the time in a format of strftime(3) to templates that ask for it.
  /// - Throws: `ConversationError` for a conversation that the template refuses, or a template that cannot be run.
  public func runs(
    of messages: [ChatMessage], opensAnswer: Bool = true, clock: (@Sendable (_ format: String) -> String)? = nil
  ) throws(ConversationError) -> [TextRun] {
    switch program {
    case .jinja(let source, let tokens):
      do throws(TemplateError) {
        let text = try Template(source).render(variables(messages, tokens, opensAnswer), clock: clock)
        return text.runs.map { TextRun($0.text, origin: $0.origin == .message ? .document : .template) }
      } catch {
        throw ConversationError(TemplateFault(error))
      }
    case .parts(let parts, let begin): return try runs(of: messages, parts, begin, opensAnswer: opensAnswer)
    }
  }

  // As in `transformers`, tools and documents are defined and none.
  private func variables(
    _ messages: [ChatMessage], _ tokens: [String: String], _ opensAnswer: Bool
  ) -> [String: TemplateValue] {
    var variables: [String: TemplateValue] = [
      "tools": .none, "documents": .none, "add_generation_prompt": .bool(opensAnswer),
    ]
    for (name, text) in tokens { variables[name] = .trusted(text) }
    variables["messages"] = .list(
      messages.map { .mapping([("role", .trusted($0.role)), ("content", .message($0.text))]) })
    return variables
  }

  private func runs(
    of messages: [ChatMessage], _ parts: ChatTemplate, _ begin: String, opensAnswer: Bool
  ) throws(ConversationError) -> [TextRun] {
    var runs = [TextRun(begin, origin: .template)]
    var followsSystem = false
    for message in messages {
      guard let role = ChatTemplate.Role(rawValue: message.role) else {
        throw ConversationError(unknownRole: message.role)
      }
      let around = parts.parts(of: role, followsSystem: followsSystem)
      runs += [
        TextRun(around.prefix, origin: .template), TextRun(message.text), TextRun(around.suffix, origin: .template),
      ]
      followsSystem = role == .system
    }
    if opensAnswer { runs.append(TextRun(parts.header, origin: .template)) }
    return runs.filter { !$0.text.isEmpty }
  }
}

extension ConversationError {
  fileprivate init(unknownRole role: String) {
    message = "has no role \(role.quoted())"
    isRefusal = true
  }
}

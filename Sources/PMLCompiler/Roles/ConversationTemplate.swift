internal import Failure
internal import Jinja

/// One message of a conversation.
public struct ChatMessage: Hashable, Sendable {
  /// A part of what a message says.
  public struct Part: Hashable, Sendable {
    /// Its text; the parts of a message stand side by side, as one text.
    public let text: String
    /// Whether the states of the conversation up to its end are to be kept in the store.
    public let isKept: Bool

    /// A part.
    ///
    /// - Parameters:
    ///   - text: its text.
    ///   - isKept: whether the states of the conversation up to its end are to be kept.
    public init(_ text: String, isKept: Bool = false) {
      self.text = text
      self.isKept = isKept
    }
  }

  /// Whose message it is, as the template calls it: `system`, `user`, `assistant`, or what else a template knows.
  public let role: String
  /// What it says, part by part.
  public let parts: [Part]

  /// A message.
  ///
  /// - Parameters:
  ///   - role: whose it is.
  ///   - parts: what it says.
  public init(role: String, parts: [Part]) {
    self.role = role
    self.parts = parts
  }

  /// A message of one part.
  public init(role: String, text: String) { self.init(role: role, parts: [Part(text)]) }

  /// What it says.
  public var text: String { parts.map(\.text).joined() }
}

/// A conversation as a template writes it.
public struct WrittenConversation: Hashable, Sendable {
  /// Where a part of a message ends.
  public struct End: Hashable, Sendable {
    /// Number of Unicode scalars up to there.
    public let scalars: Int
    /// Whose message it is.
    public let role: String
    /// Whether the states up to there are to be kept.
    public let isKept: Bool
  }

  /// The text, by origin.
  public let runs: [TextRun]
  /// Where parts of messages end, in rising order, each place once. One that the template writes nothing of has no end.
  public let ends: [End]

  /// - Parameter ends: for each part, by its number from 1 on, where it ends.
  init(_ runs: [TextRun], of messages: [ChatMessage], ends: [Int: Int]) {
    self.runs = runs
    var found: [Int: End] = [:]
    var number = 0
    for message in messages {
      for part in message.parts {
        number += 1
        // What is kept up to a part that says nothing ends with the one before.
        guard let scalars = ends[number] ?? ends[number - 1] else { continue }
        let isKept = part.isKept || found[scalars]?.isKept == true
        found[scalars] = End(scalars: scalars, role: message.role, isKept: isKept)
      }
    }
    self.ends = found.values.sorted { $0.scalars < $1.scalars }
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
    case jinja(TemplateProgram, variables: [String: String])
    case parts(ChatTemplate, begin: String)
  }

  private let program: Program

  /// Writes conversations by a program in Jinja, as `transformers` does.
  ///
  /// - Parameters:
  ///   - program: the model's template.
  ///   - specialTokens: the texts of `bos_token`, `eos_token` and others by these names.
  public init(rendering program: TemplateProgram, specialTokens: [String: String]) {
    self.program = .jinja(program, variables: specialTokens)
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
  public func write(
    _ messages: [ChatMessage], opensAnswer: Bool = true, clock: (@Sendable (_ format: String) -> String)? = nil
  ) throws(ConversationError) -> WrittenConversation {
    switch program {
    case .jinja(let program, let tokens):
      do throws(TemplateError) {
        let text = try program.template().render(variables(messages, tokens, opensAnswer), clock: clock)
        return WrittenConversation(
          text.runs.map { TextRun($0.text, origin: $0.origin == .message ? .document : .template) }, of: messages,
          ends: text.partEnds)
      } catch {
        throw ConversationError(TemplateFault(error))
      }
    case .parts(let parts, let begin): return try write(messages, parts, begin, opensAnswer: opensAnswer)
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
    var number = 1
    variables["messages"] = .list(
      messages.map { message in
        defer { number += message.parts.count }
        let content = TemplateValue.message(message.parts.map(\.text), numberedFrom: number)
        return .mapping([("role", .trusted(message.role)), ("content", content)])
      })
    return variables
  }

  private func write(
    _ messages: [ChatMessage], _ parts: ChatTemplate, _ begin: String, opensAnswer: Bool
  ) throws(ConversationError) -> WrittenConversation {
    var runs = [TextRun(begin, origin: .template)]
    var (written, number) = (begin.unicodeScalars.count, 0)
    var ends: [Int: Int] = [:]
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
      written += around.prefix.unicodeScalars.count
      for part in message.parts {
        number += 1
        written += part.text.unicodeScalars.count
        ends[number] = part.text.isEmpty ? nil : written
      }
      written += around.suffix.unicodeScalars.count
    }
    if opensAnswer { runs.append(TextRun(parts.header, origin: .template)) }
    return WrittenConversation(runs.filter { !$0.text.isEmpty }, of: messages, ends: ends)
  }
}

extension ConversationError {
  fileprivate init(unknownRole role: String) {
    message = "has no role \(role.quoted())"
    isRefusal = true
  }
}

internal import Failure
internal import Jinja

/// A conversation whose messages are marks, and what a template writes around them.
struct MarkedConversation {
  let roles: [ChatTemplate.Role]

  init(_ roles: [ChatTemplate.Role]) { self.roles = roles }

  /// A message's text: a word that no template has, with nothing at its ends that one would trim.
  private static func mark(_ index: Int) -> String { "Wq\(index)zk" }

  /// The conversation as the template's `messages`.
  private var messages: TemplateValue {
    .list(
      roles.enumerated().map { index, role in
        .mapping([("role", .trusted(role.rawValue)), ("content", .message(Self.mark(index)))])
      })
  }

  /// What the template writes before the first message, between each two, and behind the last.
  ///
  /// The messages are known by where their characters come from, not by what they spell.
  ///
  /// - Parameters:
  ///   - template: the model's.
  ///   - variables: what it is given besides.
  ///   - hasHeader: whether it is asked to open the answer.
  ///   - clock: gives the time to the template, which has none if this is `nil`.
  func gaps(
    in template: Template, _ variables: [String: TemplateValue], hasHeader: Bool,
    clock: (@Sendable (String) -> String)? = nil
  ) throws(TemplateFault) -> [String] {
    var variables = variables
    variables["messages"] = messages
    variables["add_generation_prompt"] = .bool(hasHeader)
    let text: TracedText
    do throws(TemplateError) {
      text = try template.render(variables, limits: Self.limits, clock: clock)
    } catch {
      throw TemplateFault(error)
    }
    return try gaps(in: text)
  }

  private func gaps(in text: TracedText) throws(TemplateFault) -> [String] {
    let runs = text.runs
    let written = runs.filter { $0.origin == .message }.map(\.text).joined()
    let marks = roles.indices.map(Self.mark)
    guard written == marks.joined() else {
      // The fault names the first message that is missing or out of place.
      if let index = marks.indices.first(where: { !written.contains(marks[$0]) }) { throw .drops(roles[index]) }
      var rest = written[...]
      for (index, mark) in marks.enumerated() {
        guard rest.hasPrefix(mark) else { throw .moves(roles[index]) }
        rest = rest.dropFirst(mark.count)
      }
      throw .moves(roles[roles.count - 1])
    }
    var gaps = [""]
    var place = 0
    for run in runs {
      guard run.origin == .message else {
        gaps[gaps.count - 1] += run.text
        continue
      }
      // Messages with nothing between them are one run; a message may also be written in two pieces.
      var rest = run.text[...]
      while !rest.isEmpty, place < marks.count {
        guard rest.hasPrefix(marks[place]) else { throw .rewrites(roles[place]) }
        rest = rest.dropFirst(marks[place].count)
        place += 1
        gaps.append("")
      }
    }
    return gaps
  }

  /// Far more than a template needs for a few messages. One that does not end is noticed at once.
  private static let limits = RenderingLimits(steps: 100_000, characters: 1 << 18)
}

/// Why a template has no parts, in the words of a clause whose subject is the template.
struct TemplateFault: Error, Hashable {
  let message: String
  /// Whether the template cannot be used for any conversation.
  private(set) var isFinal = false
  /// Whether it stopped at the conversation, rather than write something else.
  private(set) var isRefusal = false

  init(_ error: TemplateError) {
    switch error {
    case .refused(let message): (self.message, isRefusal) = ("refuses: \(message.quoted())", true)
    case .syntax: (message, isFinal) = ("cannot be read: \(error)".printable(limit: 200), true)
    case .failed: (message, isRefusal) = ("fails: \(error)".printable(limit: 200), true)
    case .tooManySteps, .tooLong: (message, isFinal) = ("cannot be run: \(error)", true)
    }
  }

  private init(_ message: String) { self.message = message }

  static func drops(_ role: ChatTemplate.Role) -> Self { Self("drops or rewrites the \(role) message") }
  static func moves(_ role: ChatTemplate.Role) -> Self { Self("moves or repeats the \(role) message") }
  static func rewrites(_ role: ChatTemplate.Role) -> Self { Self("rewrites the \(role) message") }
  static let varies = Self("writes messages differently at different places")
}

internal import Failure
internal import Jinja

/// The parts of a template that writes each message in its place, found by comparing what it makes of conversations.
struct DerivedParts {
  let template: ChatTemplate
  /// What the template writes and the parts do not.
  private(set) var differences: [FoundTemplate.Difference] = []
  /// Why it has no parts for a system message, where it has none.
  let systemFault: TemplateFault?

  private let probe: TemplateProbe

  /// - Throws: where the template has no parts.
  init(_ given: TemplateProbe) throws(TemplateFault) {
    var probe = given
    var refusal: TemplateFault?
    let base: Gaps
    do throws(TemplateFault) {
      base = try probe.gaps([.system, .user, .assistant, .user, .assistant, .user], hasHeader: true)
    } catch {
      guard !error.isFinal else { throw error }
      refusal = error
      base = Gaps([""] + (try probe.gaps([.user, .assistant, .user, .assistant, .user], hasHeader: true)).texts)
    }
    // Gaps of the base: before the system message, then around user, assistant, user, assistant, user.
    let (toAssistant, toUser, end) = (base[4], base[3], base[6])
    let talk: [ChatTemplate.Role] = refusal == nil ? [.system] : []
    let withoutSystem = probe.result([.user, .assistant, .user, .assistant, .user])

    // A turn's suffix is the text behind it that does not depend on what follows.
    let userEnd = try? probe.gaps(talk + [.user, .assistant, .user], hasHeader: false).last
    let userSuffix = userEnd.map { commonPrefix([toAssistant, end, $0]) } ?? commonPrefix([toAssistant, end])
    let assistantEnd = try? probe.gaps(talk + [.user, .assistant, .user, .assistant], hasHeader: false).last
    var assistantSuffix = assistantEnd.map { commonPrefix([toUser, $0]) } ?? ""
    var userPrefix = String(toUser.dropFirst(assistantSuffix.count))
    // A token that begins later turns but not sequences is a mark of turns, even if it is also called `bos_token`: in
    // SmolLM2 that is ChatML's `<|im_start|>`.
    if probe.beginsWithBOS(userPrefix), !probe.sequencesBeginWithBOS { probe = probe.withoutBOS }
    self.probe = probe
    let repeatsBOS = probe.beginsWithBOS(userPrefix)
    userPrefix = probe.withoutBOS(userPrefix)
    // Where a conversation's first turn begins later, what precedes it belongs to the turn before.
    if let first = (try? withoutSystem.get()).map({ probe.withoutBOS($0[0]) }), !repeatsBOS, !first.isEmpty,
      userPrefix != first,
      userPrefix.hasSuffix(first)
    {
      assistantSuffix += userPrefix.dropLast(first.count)
      userPrefix = first
    }

    var system = ChatTemplate.Parts("", "")
    var userAfterSystem: ChatTemplate.Parts?
    if refusal == nil {
      let toFirstUser = base[1]
      if toFirstUser.hasSuffix(userPrefix) {
        system = .init(probe.withoutBOS(base[0]), String(toFirstUser.dropLast(userPrefix.count)))
      } else {
        system = .init(probe.withoutBOS(base[0]), toFirstUser)
        userAfterSystem = .init("", userSuffix)
      }
    }
    template = ChatTemplate(
      system: system, user: .init(userPrefix, userSuffix),
      assistant: .init(String(toAssistant.dropFirst(userSuffix.count)), assistantSuffix),
      header: String(end.dropFirst(userSuffix.count)), userAfterSystem: userAfterSystem)

    // The parts hold only if they make the same of the conversations.
    let repeated = repeatsBOS ? probe.bos : ""
    for count in stride(from: talk.count + 1, through: talk.count + 5, by: 2) {
      let roles = Array((talk + [.user, .assistant, .user, .assistant, .user]).prefix(count))
      let gaps = try probe.gaps(roles, hasHeader: true).texts
      guard gaps.dropFirst().elementsEqual(template.gaps(roles, beforeUsers: repeated).dropFirst()) else {
        throw .varies
      }
    }
    systemFault = refusal
    note(refusal, withoutSystem, repeatsBOS: repeatsBOS, base)
  }

  private mutating func note(
    _ refusal: TemplateFault?, _ withoutSystem: Result<Gaps, TemplateFault>, repeatsBOS: Bool, _ base: Gaps
  ) {
    if let refusal {
      differences.append(.init("\(refusal.message) (a conversation with a system message)", .withSystem))
    }
    if repeatsBOS { differences.append(.init("writes \(probe.bos.quoted()) before later user messages too", .always)) }
    if refusal == nil, !probe.hasClock, probe.dependsOnClock {
      differences.append(.init("writes the time, which is taken as not known", .withSystem))
    }
    let start = base[refusal == nil ? 0 : 1]
    if probe.beginsWithBOS(start), !probe.sequencesBeginWithBOS {
      differences.append(.init("begins with \(probe.bos.quoted()), which the tokenizer does not add", .always))
    }
    let talk: Gaps
    do throws(TemplateFault) {
      talk = try withoutSystem.get()
    } catch {
      differences.append(.init("\(error.message) (a conversation without a system message)", .withoutSystem))
      return
    }
    let parts = template.gaps([.user, .assistant, .user, .assistant, .user], beforeUsers: repeatsBOS ? probe.bos : "")
    if !talk.texts.dropFirst().elementsEqual(parts.dropFirst()) {
      differences.append(.init("writes messages differently where there is no system message", .withoutSystem))
    }
    let first = probe.withoutBOS(talk[0])
    if first != template.user.prefix {
      let extra = first.hasSuffix(template.user.prefix) ? first.dropLast(template.user.prefix.count) : first[...]
      differences.append(
        .init(
          extra.count < first.count
            ? "begins with \(extra.replacing(TemplateProbe.time, with: "…").quoted()) where there is no system message"
            : "begins with \(first.quoted()) where a user's message is the first", .withoutSystem))
    }
  }
}

/// What a template writes around messages: one text more than there are messages.
struct Gaps {
  let texts: [String]
  init(_ texts: [String]) { self.texts = texts }
  /// A gap; empty if there are not so many.
  subscript(index: Int) -> String { texts.indices.contains(index) ? texts[index] : "" }
  var last: String { texts.last ?? "" }
}

/// A template with what it is given in every conversation.
struct TemplateProbe {
  let template: Template
  let variables: [String: TemplateValue]
  /// What begins a sequence: `bos_token`, as text; empty if there is none.
  private(set) var bos: String
  let sequencesBeginWithBOS: Bool
  private(set) var hasClock = false

  /// What the clock gives.
  fileprivate static let time = "\u{E000}"

  init(template: Template, variables: [String: TemplateValue], bos: String, sequencesBeginWithBOS: Bool) {
    self.template = template
    self.variables = variables
    self.bos = bos
    self.sequencesBeginWithBOS = sequencesBeginWithBOS
  }

  /// The same with a clock, whose time can be told from other text.
  var withClock: TemplateProbe {
    var probe = self
    probe.hasClock = true
    return probe
  }

  /// The same where no token begins a sequence.
  var withoutBOS: TemplateProbe {
    var probe = self
    probe.bos = ""
    return probe
  }

  func gaps(_ roles: [ChatTemplate.Role], hasHeader: Bool) throws(TemplateFault) -> Gaps {
    var clock: (@Sendable (String) -> String)?
    if hasClock { clock = { _ in Self.time } }
    return Gaps(try MarkedConversation(roles).gaps(in: template, variables, hasHeader: hasHeader, clock: clock))
  }

  /// What `gaps` gives with a header, or throws.
  func result(_ roles: [ChatTemplate.Role]) -> Result<Gaps, TemplateFault> {
    do throws(TemplateFault) { return .success(try gaps(roles, hasHeader: true)) } catch { return .failure(error) }
  }

  func beginsWithBOS(_ text: String) -> Bool { !bos.isEmpty && text.hasPrefix(bos) }

  func withoutBOS(_ text: String) -> String { beginsWithBOS(text) ? String(text.dropFirst(bos.count)) : text }

  /// Whether what is written of a conversation with a system message depends on the date.
  var dependsOnClock: Bool {
    let conversation = MarkedConversation([.system, .user])
    let plain = try? conversation.gaps(in: template, variables, hasHeader: true)
    let dated = try? conversation.gaps(in: template, variables, hasHeader: true) { _ in "?" }
    return plain != dated
  }
}

extension ChatTemplate {
  /// Whether the time that a probe's clock gave is in a part.
  var holdsTime: Bool {
    let parts = [system, user, assistant, userAfterSystem ?? user]
    return header.contains(TemplateProbe.time)
      || parts.contains { $0.prefix.contains(TemplateProbe.time) || $0.suffix.contains(TemplateProbe.time) }
  }

  /// What the parts put around messages and before the answer, with `beforeUsers` before each user's turn but the first.
  func gaps(_ roles: [Role], beforeUsers: String = "") -> [String] {
    var gaps = [""]
    for (index, role) in roles.enumerated() {
      let follows = index > 0 && roles[index - 1] == .system
      let parts = parts(of: role, followsSystem: follows)
      if role == .user, index > 0, !follows { gaps[gaps.count - 1] += beforeUsers }
      gaps[gaps.count - 1] += parts.prefix
      gaps.append(parts.suffix)
    }
    gaps[gaps.count - 1] += header
    return gaps
  }
}

/// The longest beginning that all of `texts` have, which ends inside none of their tags: `<|` begins many.
private func commonPrefix(_ texts: [String]) -> String {
  let pieces = texts.map(tagsAndCharacters)
  guard let first = pieces.first else { return "" }
  let count = first.indices.first { index in !pieces.allSatisfy { index < $0.count && $0[index] == first[index] } }
  return first.prefix(count ?? first.count).joined()
}

/// The text in pieces: what stands in angle or square brackets without a space is one, any other character another.
private func tagsAndCharacters(_ text: String) -> [Substring] {
  var pieces: [Substring] = []
  var rest = text[...]
  while let first = rest.first {
    var end = rest.index(after: rest.startIndex)
    if first == "<" || first == "[" {
      let inside = rest.dropFirst().prefix(64).prefix { !$0.isWhitespace && $0 != "<" && $0 != "[" }
      if let close = inside.firstIndex(of: first == "<" ? ">" : "]") { end = rest.index(after: close) }
    }
    pieces.append(rest[..<end])
    rest = rest[end...]
  }
  return pieces
}

import Foundation
import JSONText
import PMLCompiler
import TestSupport
import Testing

/// Parts that are found by rendering templates in the form of those that models have (`tools/jinja/templates`).
@Suite struct FoundTemplateTests {
  private static let marks = ["bos_token": "<s>", "eos_token": "</s>"]

  private static func program(_ name: String) throws -> String {
    try Repository.text("tools/jinja/templates/\(name).jinja")
  }

  private func found(_ name: String) throws -> FoundTemplate {
    FoundTemplate(rendering: try Self.program(name), specialTokens: Self.marks, beginOfSequence: "<s>")
  }

  /// The warning for a document with these roles, without what is taken.
  private func warning(_ template: FoundTemplate, _ roles: ChatTemplate.Role...) throws -> String? {
    let content = roles.map { "<\($0)>x</\($0)>" }.joined()
    let source = SourceFile(path: "s.pml", text: "<schema name=\"s\">\(content)</schema>")
    let compilation = PML.compileSchema(source, template: template.template, includes: FakeIncludes())
    return template.warning(for: compilation.roles, in: "s.pml")?.message
  }

  /// SmolLM2 calls ChatML's mark its `bos_token`, and puts it nowhere else.
  @Test func whatBeginsASequenceMayMarkTurns() throws {
    let marks = ["bos_token": "<|im_start|>", "eos_token": "<|im_end|>"]
    let found = FoundTemplate(rendering: try Self.program("chatml"), specialTokens: marks)
    #expect(found.origin == .rendering)
    #expect(found.template == ChatTemplate.named("chatml"))
    #expect(try warning(found, .system, .user) == nil)
  }

  // MARK: Against jinja2

  struct Conversation: CustomTestStringConvertible, Sendable {
    let template: String
    let messages: [(role: ChatTemplate.Role, text: String)]
    let output: String
    var testDescription: String { "\(template), \(messages.count) messages" }
  }

  /// Conversations that alternate and end in a question, as `jinja2` renders them for an answer.
  private static func conversations() throws -> [Conversation] {
    let fixture = try JSONValue(parsing: Array(Repository.text("Tests/JinjaTests/Fixtures/cases.json").utf8))
    guard case .array(let chats)? = fixture[key: "chats"] else { return [] }
    return chats.compactMap { chat in
      guard case .string(let name)? = chat[key: "name"], case .string(let output)? = chat[key: "output"],
        chat[key: "prompt"] == .bool(true), chat[key: "clock"] == .bool(false),
        case .array(let entries)? = chat[key: "messages"]
      else { return nil }
      let messages = entries.compactMap { entry -> (role: ChatTemplate.Role, text: String)? in
        guard case .array(let values)? = entry[key: "values"], case .string(let role) = values[0],
          case .string(let text) = values[1], text == text.trimmingCharacters(in: .whitespacesAndNewlines),
          !text.isEmpty
        else { return nil }
        return ChatTemplate.Role(rawValue: role).map { ($0, text) }
      }
      let roles = messages.map(\.role)
      guard messages.count == entries.count, roles.last == .user, !zip(roles, roles.dropFirst()).contains(where: ==)
      else { return nil }
      return Conversation(template: name, messages: messages, output: output)
    }
  }

  @Test func conversationsAreThere() throws {
    #expect(try Self.conversations().count > 40)
  }

  /// Either the parts write what the template writes, or a warning says that they do not.
  @Test(arguments: try conversations())
  func partsWriteWhatTheTemplateWrites(_ conversation: Conversation) throws {
    let template = try found(conversation.template)
    let content = conversation.messages.map { "<\($0.role)><![CDATA[\($0.text)]]></\($0.role)>" }.joined()
    let source = SourceFile(path: "s.pml", text: "<schema name=\"s\" xml:space=\"preserve\">\(content)</schema>")
    let compilation = PML.compileSchema(source, template: template.template, includes: FakeIncludes())
    let schema = try #require(compilation.schema)
    let written =
      schema.nodes.map { if case .text(let run) = $0 { run.text } else { "?" } }.joined() + template.template.header
    let expected = conversation.output.hasPrefix("<s>") ? String(conversation.output.dropFirst(3)) : conversation.output
    let warning = template.warning(for: compilation.roles, in: "s.pml")
    #expect(written == expected || warning != nil, "\(written)\n\(expected)")
  }

  // MARK: What is found

  @Test(arguments: [
    "bars", "bars-short", "brackets", "chatml", "headers", "instructions-alone", "last-differs", "names", "plain",
    "roles", "roles-dated", "system-prompt", "thinking", "tools", "turn-tokens", "turns", "wide-bars", "zephyr",
  ])
  func partsAreFoundByRendering(_ name: String) throws {
    #expect(try found(name).origin == .rendering)
  }

  @Test(arguments: [
    ("brackets", "llama2"), ("turns", "gemma"), ("zephyr", "zephyr"), ("bars", "phi3"), ("chatml", "chatml"),
    ("thinking", "chatml"), ("turns-without-system", "gemma"), ("instructions", "mistral"), ("metadata", "chatml"),
  ])
  func someHaveTheKnownParts(_ name: String, _ known: String) throws {
    #expect(try found(name).template == ChatTemplate.named(known))
  }

  @Test func partsOfATemplateThatHasNoName() throws {
    #expect(
      try found("wide-bars").template
        == ChatTemplate(
          system: .init("", ""), user: .init("<｜User｜>", ""),
          assistant: .init("<｜Assistant｜>", "<｜end▁of▁sentence｜>"), header: "<｜Assistant｜><think>\n"))
    #expect(
      try found("bars-short").template
        == ChatTemplate(
          system: .init("<|system|>", "<|end|>"), user: .init("<|user|>", "<|end|>"),
          assistant: .init("<|assistant|>", "<|end|>"), header: "<|assistant|>"))
    #expect(
      try found("headers").template.system
        == .init(
          "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n",
          "<|eot_id|>"))
  }

  /// It asks for the time in any case, but writes it only in a system message of its own, which is not added.
  @Test func aClockThatChangesNoPartDoesNotMatter() throws {
    let program = """
      {%- set own = "Today: " + strftime_now("%Y") %}
      {%- for m in messages %}{% if loop.first and m.role != "system" %}{{ "[S]" + own + "[/S]" }}{% endif %}
      {{- "[" + m.role + "]" + m.content + "[/]" }}{% endfor %}{% if add_generation_prompt %}{{ "[assistant]" }}{% endif %}
      """
    let template = FoundTemplate(rendering: program)
    #expect(template.origin == .rendering)
    #expect(template.template.system == .init("[system]", "[/]"))
    #expect(try warning(template, .system, .user) == nil)
    #expect(try warning(template, .user)?.contains("begins with `[S]Today: …[/S]` where there is no system") == true)
  }

  // MARK: What is said

  @Test(
    arguments: [
      ("bars", nil, nil), ("tools", nil, nil), ("thinking", nil, nil), ("system-prompt", nil, nil),
      (
        "chatml", nil,
        "begins with `<|im_start|>system\\nYou are helpful.<|im_end|>\\n` where there is no system message"
      ),
      (
        "brackets", "writes `<s>` before later user messages too", "writes `<s>` before later user messages too"
      ),
      ("instructions", "moves or repeats the system message", "moves or repeats the system message"),
      (
        "turns-without-system",
        "refuses: `there is no system role` (a conversation with a system message)", nil
      ),
      ("instructions-alone", "refuses: `user and assistant take turns` (a conversation with a system message)", nil),
      ("roles-dated", nil, "fails: line 5: `strftime_now`, which is undefined, cannot be called"),
      ("headers", "writes the time, which is taken as not known", "where there is no system message"),
      (
        "metadata", "fails: line 14: `strftime_now`, which is undefined, cannot be called",
        "fails: line 14: `strftime_now`, which is undefined, cannot be called"
      ),
    ] as [(String, String?, String?)])
  func aWarningSaysWhatDiffers(_ name: String, _ withSystem: String?, _ withoutSystem: String?) throws {
    let template = try found(name)
    for (found, expected) in [
      (try warning(template, .system, .user), withSystem), (try warning(template, .user, .assistant), withoutSystem),
    ] {
      if let expected {
        #expect(found?.hasPrefix("the model's chat template ") == true)
        #expect(found?.contains(expected) == true, "\(found ?? "nothing")")
      } else {
        #expect(found == nil)
      }
    }
    #expect(try warning(template) == nil)
  }

  @Test func aBOSThatNobodyPutsIsMissed() throws {
    let template = FoundTemplate(rendering: try Self.program("turns"), specialTokens: Self.marks)
    #expect(
      try warning(template, .user)?.contains("begins with `<s>`, which the tokenizer does not add") == true)
  }

  @Test func aPromptKnowsTheSystemElementOfItsSchema() throws {
    let template = try found("chatml")
    for (content, isWarned) in [("<system>S</system>", false), ("S", true)] {
      let schema = try lowered("<schema name=\"s\">\(content)</schema>", template: template.template)
      let source = SourceFile(path: "p.pml", text: "<prompt schema=\"s\"><user>U</user></prompt>")
      let roles = PML.compilePrompt(source, schema: schema, template: template.template).roles
      #expect((template.warning(for: roles, in: "p.pml") != nil) == isWarned)
    }
  }

  // MARK: Templates that are none

  @Test(arguments: [
    ("{% for", "cannot be read"), ("{{ 1 / 0 }}", "division by zero"),
    ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "does not end"),
    ("{% for a in range(99999) %}{{ 'aaaaaaaaaaaaaaaa' }}{% endfor %}", "cannot be run"),
    ("{{ raise_exception('\u{1B}[2J\nnever') }}", "refuses: `\\u{1b}[2J\\nnever`"),
    ("no messages", "drops or rewrites"),
    ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "drops or rewrites"),
    ("{% for m in messages | reverse %}{{ m.content }}{% endfor %}", "moves or repeats"),
    ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "moves or repeats"),
    ("{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}", "differently at different places"),
  ])
  func whatHasNoPartsTakesNone(_ program: String, _ problem: String) throws {
    let template = FoundTemplate(rendering: program)
    #expect(template.template == .plain)
    #expect(template.origin == .none)
    let warning = try warning(template, .system, .user)
    #expect(warning?.contains(problem) == true && warning?.hasSuffix("roles add no text") == true, "\(warning ?? "")")
  }

  @Test func whatIsGivenIsNotDoubted() throws {
    #expect(try warning(FoundTemplate(given: .plain), .user) == nil)
    #expect(try warning(.none, .user) == nil)
  }
}

import TestSupport
import Testing

/// `--chat-template`, and what is said of a template that has no parts.
@Suite struct ChatTemplateCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("<schema name=\"s\"><system>Be kind.</system></schema>", to: "s.pml")
    try folder.write("<schema name=\"t\"><user>One?</user></schema>", to: "t.pml")
  }

  private func compile(_ template: String) async throws -> PMLC.Result {
    try await PMLC.run(["compile", "s.pml", "--chat-template", template], in: folder)
  }

  @Test func aJinjaProgramIsTakenApart() async throws {
    try folder.write(
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<answer>{% endif %}",
      to: "t.jinja")
    let run = try await compile("t.jinja")
    #expect(run.status == 0 && run.standardError.isEmpty)
    #expect(
      run.standardOutput.contains(
        #""template":{"assistant":["<assistant>","</>"],"header":"<answer>","system":["<system>","</>"],"user":["<user>","</>"]}"#
      ))
  }

  @Test func aWarningComesOnceACommand() async throws {
    try folder.write("{% for m in messages | reverse %}{{ m.content }}{% endfor %}[INST]", to: "t.jinja")
    let check = try await PMLC.run(["check", "s.pml", "t.pml", "--chat-template", "t.jinja"], in: folder)
    #expect(check.status == 0)
    #expect(check.standardError.split(separator: "\n").count { $0.contains("PML452") } == 1)
    #expect(check.standardError.contains("moves or repeats the user message; `mistral` is taken for it"))
    try folder.write("<schema name=\"u\">No roles.</schema>", to: "u.pml")
    let other = try await PMLC.run(["check", "u.pml", "--chat-template", "t.jinja"], in: folder)
    #expect(other.status == 0 && !other.standardError.contains("PML452"))
  }

  @Test func aHostileProgramEndsSoon() async throws {
    try folder.write(
      "{% for a in range(99999) %}{% for b in range(99999) %}{{ 'x' * 99999 }}{% endfor %}{% endfor %}", to: "t.jinja")
    let run = try await compile("t.jinja")
    #expect(run.status == 0)
    #expect(run.standardError.contains("the model's chat template cannot be run"))
  }

  @Test func whatIsNoTemplateIsAnError() async throws {
    #expect(try await compile("nosuch.jinja").status == 2)
    try folder.write("{}", to: "t.json")
    #expect(try await compile("t.json").standardError.contains("it has no `system`"))
  }
}

import Foundation
import TestSupport
import Testing

/// Questions on the command line, several prompts, and the texts of tokens.
@Suite struct AskTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("<schema name='s'><system>Be short.</system><module name='m'>One.</module></schema>", to: "s.pml")
    try folder.write("<prompt schema='s'><m/></prompt>", to: "p.pml")
  }

  private func run(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(
      ["run"] + arguments + ["--schema", "s.pml", "--max-tokens", "4"],
      environment: ["PMLC_STORE": folder.path("store")], in: folder)
  }

  @Test func aQuestionIsAUsersTurn() async throws {
    // What would have to be escaped in a document, and what looks like an option.
    for text in ["Is 1 < 2 & \"3\" > ]]>?", "--what is it?", " -x\n\ty "] {
      let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      try folder.write(
        "<prompt schema='s'><m/><user xml:space='preserve'>\(escaped)</user></prompt>", to: "written.pml")
      for template in ["chatml", "plain"] {
        let asked = try RunResult(
          await run("p.pml", "--ask", text, "--json", "--logprobs", "2", "--chat-template", template))
        let written = try RunResult(
          await run("written.pml", "--json", "--logprobs", "2", "--chat-template", template))
        #expect(asked.token_ids == written.token_ids && asked.usage.prompt_tokens == written.usage.prompt_tokens)
        #expect(asked.logprobs?.map(\.logprob) == written.logprobs?.map(\.logprob))
      }
    }
    let uncached = try await run("p.pml", "--ask", "What?", "--no-cache", "--json")
    #expect(try RunResult(uncached).usage.cached_tokens == 0)
    #expect(try await PMLC.run(["run", "p.pml", "--ask"], in: folder).status == 64)
  }

  @Test func severalPromptsAreAnsweredInOrder() async throws {
    try folder.write("<prompt schema='s'>Two?</prompt>", to: "q.pml")
    for extra in [[], ["--no-cache"]] {
      let one = try await PMLC.run(
        ["run", "p.pml", "q.pml", "--schema", "s.pml", "--max-tokens", "4", "--ask", "Go", "--json"] + extra,
        environment: ["PMLC_STORE": folder.path("store")], in: folder)
      #expect(one.status == 0, "\(one.standardError)")
      struct Answer: Decodable { let prompt: String, token_ids: [Int] }
      let answers = try one.standardOutput.split(separator: "\n").map {
        try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
      }
      #expect(answers.map(\.prompt) == ["p.pml", "q.pml"])
      let alone = try RunResult(await run("q.pml", "--ask", "Go", "--json"))
      if extra.isEmpty { #expect(answers.last?.token_ids == alone.token_ids) }
    }
    let text = try await run("p.pml", "q.pml")
    #expect(text.standardOutput.contains("==> p.pml <==\n") && text.standardOutput.contains("\n==> q.pml <==\n"))
    #expect(text.standardError.split(separator: "\n").count { $0.contains("tokens answered") } == 2)
    // One that is wrong is told before anything is answered.
    try folder.write("<prompt schema='s'><no/></prompt>", to: "wrong.pml")
    let wrong = try await run("p.pml", "wrong.pml")
    #expect(wrong.status == 1 && wrong.standardOutput.isEmpty)
    #expect(try await run("-", "-").status == 64)
  }

  @Test func logProbabilitiesHaveTexts() async throws {
    struct Answer: Decodable {
      struct Entry: Decodable {
        struct Likely: Decodable { let token_id: Int, token: String }
        let token_id: Int, token: String, top: [Likely]
      }
      let text: String, logprobs: [Entry]
    }
    let run = try await run("p.pml", "--ask", "What?", "--logprobs", "3")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(run.standardOutput.utf8))
    #expect(answer.logprobs.map(\.token).joined() == answer.text)
    #expect(answer.logprobs.allSatisfy { $0.top.first?.token == $0.token && $0.top.count == 3 })
  }

  /// A prompt of modules alone is looked at as it is asked.
  @Test func whateverLaysAPromptOutTakesAQuestion() async throws {
    try folder.write(
      "<prompt schema='s'><m/><user xml:space='preserve'>What &lt; 2?</user></prompt>", to: "written.pml")
    let store = ["PMLC_STORE": folder.path("store")]
    func pmlc(_ arguments: [String]) async throws -> PMLC.Result {
      try await PMLC.run(arguments + ["--chat-template", "chatml"], environment: store, in: folder)
    }
    let ask = ["--ask", "What < 2?"]
    for command in [["check"], ["inspect", "--json"], ["audit", "--json", "--max-tokens", "2"]] {
      let options = command + ["--schema", "s.pml"]
      let silent = try await pmlc(options + ["p.pml"])
      #expect(
        silent.standardError.contains("PML459")
          && silent.standardError.contains("put what is asked into `<user>` at its end, or ask it with `--ask`"),
        "\(command): \(silent.standardError)")
      let asked = try await pmlc(options + ask + ["p.pml"])
      #expect(asked.status == 0 && !asked.standardError.contains("PML459"), "\(command): \(asked.standardError)")
      let written = try await pmlc(options + ["written.pml"])
      #expect(
        asked.standardOutput.replacing("p.pml", with: "")
          == written.standardOutput.replacing("written.pml", with: ""), "\(command)")
      if command != ["check"] { #expect(asked.standardOutput != silent.standardOutput) }
    }
    // Where there is nothing to ask.
    for arguments in [["inspect", "s.pml"], ["inspect", "--model", "demo"], ["warm", "s.pml"]] {
      #expect(try await pmlc(arguments + ask).status == 64, "\(arguments)")
    }
  }

  /// A library's modules are found by what is asked.
  @Test func aQuestionFindsModules() async throws {
    let modules = "<module name='kettle'>Kettles boil water.</module><module name='lamp'>Lamps give light.</module>"
    try folder.write(
      "<schema name='l'>Answer.<library name='docs' window='32'>\(modules)</library></schema>", to: "l.pml")
    try folder.write("<prompt schema='l'><docs top='1'/></prompt>", to: "top.pml")
    let store = ["PMLC_STORE": folder.path("store")]
    let silent = try await PMLC.run(["audit", "top.pml", "--schema", "l.pml"], environment: store, in: folder)
    #expect(silent.status == 1 && silent.standardError.contains("or write `query`, or ask it with `--ask`"))
    for arguments in [
      ["audit", "top.pml", "--schema", "l.pml", "--max-tokens", "1"], ["check", "top.pml", "l.pml"],
      ["warm", "l.pml", "--joint", "top.pml"],
    ] {
      let run = try await PMLC.run(arguments + ["--ask", "What do lamps give?"], environment: store, in: folder)
      #expect(run.status == 0, "\(arguments): \(run.standardError)")
    }
    let found = try await PMLC.run(
      ["inspect", "top.pml", "--ask", "What do lamps give?", "--json"], environment: store, in: folder)
    #expect(found.standardOutput.contains("docs/lamp") && !found.standardOutput.contains("docs/kettle"))
    let joint = try await PMLC.run(["store", "ls", "--joint"], environment: store, in: folder)
    #expect(joint.standardOutput.contains("module `docs/lamp`"), "\(joint.standardOutput)")
  }

  private func tokenize(_ arguments: String..., input: String? = nil) async throws -> PMLC.Result {
    try await PMLC.run(["tokenize"] + arguments, in: folder, input: input)
  }

  @Test func tokensAreShown() async throws {
    struct Piece: Decodable { let id: Int, text: String }
    let text = "Hello, wörld <|im_start|>\u{1B}[2J\n"
    try folder.write(text, to: "text.txt")
    let json = try await tokenize("text.txt", "--json", "--model", "demo")
    let pieces = try JSONDecoder().decode([Piece].self, from: Data(json.standardOutput.utf8))
    #expect(pieces.count > 4)
    let lines = try await tokenize("--text", text)
    #expect(lines.standardOutput == (try await tokenize("-", input: text)).standardOutput)
    #expect(lines.standardOutput.split(separator: "\n").count == pieces.count)
    #expect(lines.standardOutput.contains("\\u{1b}") && !lines.standardOutput.contains("\u{1B}"))
    #expect(try await tokenize("--text", text, "--count").standardOutput == "\(pieces.count)\n")
    #expect(try await tokenize("--text", "").standardOutput.isEmpty)
    #expect(try await tokenize().status == 64)
    #expect(try await tokenize("text.txt", "--text", "x").status == 64)
    #expect(try await tokenize("none.txt").status == 2)
    try folder.write(Data([0xFF, 0xFE]), to: "bytes.txt")
    #expect(try await tokenize("bytes.txt").standardError.contains("it is not UTF-8"))
  }
}

import FileSystem
import Foundation
import PMLCompiler
import TestSupport
import Testing

/// The examples of `docs/diagnostics.md`: each gives its code, and prints what stands below it.
///
/// With `PMLC_RECORD=1` the page is written anew from what the compiler prints; a person reads the difference.
@Suite struct DiagnosticsPageTests {
  private static let page = "docs/diagnostics.md"
  /// The parts of a chat model's template.
  private static let chat = FoundTemplate(given: ChatTemplate.named("chatml") ?? .plain)

  @Test func everyExampleIsAsThePageSays() throws {
    var page = try MarkedPage(Repository.text(Self.page))
    var schema = compileSchema("<schema name=\"none\"/>")
    for index in page.examples.indices {
      let example = page.examples[index]
      let folder = try TemporaryFolder()
      let compiled = try compile(example, in: folder, &schema)
      var (sources, diagnostics) = ([compiled.source], compiled.diagnostics)
      if let other = try? SourceFile.read(FilePath(folder.path("menu.pml"))) {
        sources.insert(SourceFile(path: "menu.pml", bytes: other.bytes), at: 0)
        diagnostics += PML.checkNames(of: sources)
      }
      if let code = example.code {
        // What takes the last position takes over half of them, too; a union that is left out leaves a gap.
        let companions = ["PML451": "PML450", "PML457": "PML456"]
        #expect(diagnostics.map(\.code.rawValue) == [companions[code], code].compactMap { $0 })
        let isWarning = code.dropFirst(4) >= "50" && !code.hasPrefix("PML1")
        #expect(diagnostics.allSatisfy { $0.severity == (isWarning ? .warning : .error) })
      } else {
        #expect(diagnostics == [])
      }
      page.examples[index].found = TextRenderer(sources: sources).render(diagnostics)
    }
    if ProcessInfo.processInfo.environment["PMLC_RECORD"] == "1" {
      try page.recorded.write(toFile: Repository.path(Self.page), atomically: true, encoding: .utf8)
    } else {
      #expect(page.recorded == page.text)
    }
  }

  @Test func everyCodeIsOnThePage() throws {
    let titles = try Repository.text(Self.page).split(separator: "\n").filter { $0.hasPrefix("### ") }
    let codes = titles.map { String($0.dropFirst(4).prefix(6)) }
    #expect(Set(codes) == Set(Diagnostic.Code.meanings.map(\.key.rawValue)))
    #expect(codes.count == Diagnostic.Code.meanings.count)
  }

  private func compile(
    _ example: MarkedPage.Example, in folder: TemporaryFolder, _ schema: inout SchemaCompilation
  ) throws -> (source: SourceFile, diagnostics: [Diagnostic]) {
    let isPrompt = example.document.hasPrefix("<prompt")
    let name = isPrompt ? "prompt.pml" : "schema.pml"
    if example.isScript {
      try ExternalTool(path: "/bin/bash").run(["-c", "cd \(folder.path(""))\n" + example.document])
    } else {
      try folder.write(example.document, to: name)
    }
    let source = SourceFile(path: FilePath(name), bytes: try SourceFile.read(FilePath(folder.path(name))).bytes)
    // In the example of PML404 the model has only the tokens of letters and what comes before them in ASCII; gaps want a
    // longer context.
    let isOfGaps = example.code == "PML456" || example.code == "PML457"
    let tokenizer = ByteTokenizer(
      beginOfSequence: nil, contextLength: isOfGaps ? 512 : 64,
      embeddedTokenCount: example.code == "PML404" ? 123 : .max)
    var diagnostics: [Diagnostic]
    if isPrompt {
      let lowered = try #require(schema.schema)
      let compilation = PML.compilePrompt(source, schema: lowered, template: .none, libraries: schema.libraries)
      diagnostics = compilation.diagnostics
      if example.code == "PML459" { diagnostics += Self.chat.advice(on: compilation.roles, in: source.path) }
      if example.needsTokens, let prompt = compilation.prompt {
        let plan = try plan(lowered, tokenizer).importing(prompt, from: schema.libraries, with: tokenizer)
        _ = PromptLayout(
          of: prompt, in: source.path, plan: plan, tokenizer: tokenizer, template: .none, diagnostics: &diagnostics)
      }
    } else {
      let includes = FolderIncludeReader(besides: FilePath(folder.path(name)))
      let compilation = PML.compileSchema(source, template: .none, includes: includes)
      diagnostics = compilation.diagnostics
      if example.code == "PML452" {
        let program = try Repository.text("tools/jinja/templates/instructions.jinja")
        let template = FoundTemplate(rendering: program, specialTokens: ["eos_token": "</s>"])
        diagnostics += [template.warning(for: compilation.roles, in: source.path)].compactMap { $0 }
      }
      if example.code == "PML458" { diagnostics += Self.chat.advice(on: compilation.roles, in: source.path) }
      if example.needsTokens, let schema = compilation.schema {
        let layout = SchemaLayout(
          of: schema, tokenizer: tokenizer, sources: compilation.sourceMap, diagnostics: &diagnostics)
        if let layout {
          diagnostics += layout.advice(on: schema, sources: compilation.sourceMap)
          diagnostics += EncodingPlan(of: layout).problems(
            within: tokenizer.contextLimits, sources: compilation.sourceMap)
          for library in layout.libraries.indices {
            _ = try compilation.libraries.layOut(
              library, in: layout, tokenizer: tokenizer, memory: NoDocumentMemory(), diagnostics: &diagnostics)
          }
        }
      }
      if example.code == nil { schema = compilation }
    }
    return (source, diagnostics)
  }
}

/// A page of Markdown with examples in fences, each followed by a fence with what is printed.
struct MarkedPage {
  struct Example {
    /// The code that the heading names; `nil` for an example without problems.
    let code: String?
    let document: String
    let isScript: Bool
    var found = ""

    var needsTokens: Bool { code?.hasPrefix("PML4") == true }
  }

  private enum Part {
    case lines([Substring])
    case output(example: Int)
  }

  let text: String
  var examples: [Example] = []
  private var parts: [Part] = []

  init(_ text: String) {
    self.text = text
    var code: String?
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst() {
      if line.hasPrefix("### ") { code = String(line.dropFirst(4).prefix(6)) }
      if line.hasPrefix("## ") { code = nil }
      parts.append(.lines([line]))
      guard line == "```xml" || line == "```sh" || line == "```text" else { continue }
      let body = lines.prefix { $0 != "```" }
      lines = lines.dropFirst(body.count)
      if line == "```text" {
        parts.append(.output(example: examples.count - 1))
      } else {
        parts.append(.lines(Array(body)))
        let document = body.joined(separator: "\n") + "\n"
        examples.append(Example(code: code, document: document, isScript: line == "```sh"))
      }
      parts.append(.lines([lines.removeFirst()]))
    }
  }

  /// The page with what was found in the place of what it says.
  var recorded: String {
    parts.flatMap { part -> [Substring] in
      switch part {
      case .lines(let lines): lines
      case .output(let example):
        examples[example].found.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      }
    }.joined(separator: "\n")
  }
}

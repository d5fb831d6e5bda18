import PromptCache
import TestSupport
import Testing

/// Documents as a model takes them, one way for all.
@Suite struct CompilingTests {
  private let model: LoadedModel

  init() throws { model = try LoadedModel(at: nil) }

  private func schema(_ name: String, path: FilePath = "s.pml", text: String = "Some text.") -> SourceFile {
    SourceFile(path: path, text: "<schema name=\"\(name)\">\(text)</schema>")
  }

  private func codes(_ diagnostics: [Diagnostic]) -> [String] { diagnostics.map(\.code.rawValue) }

  @Test func warningsComeWithTheValueAndErrorsWithout() throws {
    let warned = model.compile(schema: schema("s", text: "<module name=\"empty\"/>"))
    #expect(codes(warned.diagnostics) == ["PML251"])
    #expect(try warned.get().name == "s")
    let wrong = model.compile(schema: schema("s", text: "<module nam=\"m\"/>"))
    #expect(wrong.value == nil && wrong.diagnostics.count >= 1)
    do {
      _ = try wrong.get()
      Issue.record("a schema with errors was compiled")
    } catch {
      guard case .invalidDocument(let source, let diagnostics) = error else { throw error }
      #expect(source.path == "s.pml" && diagnostics == wrong.diagnostics && error.category == .input)
    }
  }

  /// What a layout finds stands beside what the document's words give.
  @Test func lengthsAreCheckedWithTheRest() throws {
    let parameter =
      "<module name=\"m\">A <parameter name=\"p\" length=\"2\" default=\"one two three four five\"/></module>"
    let found = model.compile(schema: schema("s", text: parameter + "<module name=\"e\"/>"))
    #expect(found.value == nil)
    #expect(Set(codes(found.diagnostics)).isSuperset(of: ["PML251", "PML402"]))
    #expect(found.diagnostics == found.diagnostics.inSourceOrder())
    // The checker takes the same way.
    let checked = DocumentChecker(model: model).check([schema("s", text: parameter + "<module name=\"e\"/>")])
    #expect(checked.map(\.diagnostics) == [found.diagnostics])
  }

  @Test func aPromptIsCompiledForItsSchema() throws {
    let planned = try model.compile(schema: SourceFile(path: "chain.pml", text: chain)).get()
    let source = SourceFile(path: "p.pml", text: chainPrompt)
    #expect(try model.schemaName(of: source).get() == "chain")
    let prompt = try model.compile(prompt: source, of: planned).get()
    #expect(prompt.path == "p.pml" && prompt.layout.cachedTokenCount > 60)
    let wrong = SourceFile(path: "p.pml", text: "<prompt schema=\"chain\"><frist/></prompt>")
    #expect(codes(model.compile(prompt: wrong, of: planned).diagnostics) == ["PML302"])
    #expect(model.schemaName(of: SourceFile(path: "p.pml", text: "<prompt/>")).value == nil)
  }

  @Test func aLoweredSchemaIsTakenForTheDocument() throws {
    let planned = try model.compile(schema: SourceFile(path: "chain.pml", text: chain)).get()
    let lowered = SourceFile(path: "chain.pmlir", bytes: planned.compiled.encoded)
    let read = try model.compile(schemaOrLowered: lowered).get()
    #expect(read.hash == planned.hash && read.plan.encodings.count == planned.plan.encodings.count)
    #expect(try model.compile(schemaOrLowered: schema("s")).get().name == "s")
    let damaged = SourceFile(path: "chain.pmlir", bytes: planned.compiled.encoded.dropLast(9))
    do {
      _ = try model.compile(schemaOrLowered: damaged)
      Issue.record("a damaged file was read")
    } catch {
      guard case .unusableLoweredSchema("chain.pmlir", _) = error else { throw error }
      #expect(error.message.contains("`chain.pmlir`") && error.category == .input)
    }
  }

  @Test func schemasThatAreUsedTogetherHaveNamesOfTheirOwn() throws {
    let sources = [schema("s", path: "a.pml"), schema("t", path: "b.pml"), schema("s", path: "c.pml")]
    let results = model.compile(schemas: sources)
    #expect(results.map { $0.value?.name } == ["s", "t", nil])
    #expect(results.map { codes($0.diagnostics) } == [[], [], ["PML209"]])
    let found = try #require(results[2].diagnostics.first)
    #expect(found.file == "c.pml" && found.message.contains("`a.pml`") && found.related.first?.file == "a.pml")

    let prompt = SourceFile(path: "p.pml", text: "<prompt schema=\"s\"> Go:</prompt>")
    for model in [model, nil] {
      let checked = DocumentChecker(model: model).check([prompt] + sources)
      #expect(checked.map { codes($0.diagnostics) } == [[], [], [], ["PML209"]])
    }
    // It is found in the same place in whatever order they are given.
    #expect(PML.checkNames(of: sources.reversed()) == PML.checkNames(of: sources))
    // One that is given twice is no other schema.
    #expect(model.compile(schemas: [sources[0], sources[0]]).allSatisfy { $0.value != nil })
    #expect(PML.checkNames(of: [prompt, prompt]) == [])
  }
}

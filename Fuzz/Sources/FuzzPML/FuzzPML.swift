import FuzzBounds
import PMLCompiler

/// What libFuzzer calls for each input that it comes up with.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  Bounds.hold { FuzzPML.compile(bytes) }
  return 0
}

/// Compiles an input as a schema and as a prompt, and holds the compiler to its promises.
enum FuzzPML {
  static func compile(_ bytes: [UInt8]) {
    let source = SourceFile(path: "fuzz.pml", bytes: bytes)
    let schema = PML.compileSchema(source, template: template, includes: FewFiles())
    check(schema.diagnostics, of: source, hasResult: schema.schema != nil)
    if let lowered = schema.schema {
      let read = try? Schema(canonicalJSON: lowered.canonicalJSON)
      Bounds.require(read == lowered, "the lowered schema reads back as another")
      _ = PML.promptGrammar(for: lowered)
    }
    let prompt = PML.compilePrompt(source, schema: sampleSchema, template: template)
    check(prompt.diagnostics, of: source, hasResult: prompt.prompt != nil)
    _ = PML.rootKind(of: source)
    _ = PML.schemaName(ofPrompt: source)
  }

  /// Errors or a result, ranges within the document, in order, no disagreement with the grammar; and renderers take it.
  private static func check(_ diagnostics: [Diagnostic], of source: SourceFile, hasResult: Bool) {
    Bounds.require(hasResult != diagnostics.contains { $0.severity == .error }, "neither a result nor an error")
    Bounds.require(diagnostics.inSourceOrder() == diagnostics, "not in order")
    for diagnostic in diagnostics {
      let range = diagnostic.range
      Bounds.require(range.upperBound.offset <= source.bytes.count, "a range beyond the end")
      Bounds.require(range.lowerBound.line > 0 && range.lowerBound.column > 0, "a place before the beginning")
      Bounds.require(diagnostic.code.rawValue != "PML199", "the grammar refuses what its check let through")
      Bounds.require(!diagnostic.message.hasSuffix("it cannot be read"), "libxml2 and the scan of the tags disagree")
    }
    _ = TextRenderer(sources: [source], color: true).render(diagnostics)
    _ = JSONRenderer.render(diagnostics)
    _ = GitHubRenderer.render(diagnostics, paths: ReportPaths(folder: "/"))
    _ = SARIFRenderer(sources: [source], paths: ReportPaths(folder: "/"), version: "0").render(diagnostics)
  }

  private static let template = ChatTemplate.named("llama2") ?? .plain

  /// The schema that prompts are compiled for; the names are in the seeds and in the dictionary.
  private static let sampleSchema: Schema = {
    let text = """
      <schema name="s"><system>S</system><module name="a">A<parameter name="p" length="2"/><parameter name="q" length="2" \
      default="d"/><module name="b">B</module></module><union><module name="c">C</module><module name="d">D</module></union>\
      <module name="e"/></schema>
      """
    let source = SourceFile(path: "sample.pml", text: text)
    guard let schema = PML.compileSchema(source, template: template, includes: FewFiles()).schema else {
      fatalError("the sample has errors")
    }
    return schema
  }()
}

/// Files whose names begin with `a` have their names in them, others are not there.
struct FewFiles: IncludeReader {
  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] {
    guard path.bytes.first == UInt8(ascii: "a") else { throw .notRegularFile }
    return path.bytes
  }
}

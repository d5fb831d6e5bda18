import Glibc
import PMLCompiler
import Testing

/// Limits of a document, and input that is meant to do harm: a diagnostic within a second.
@Suite struct LimitTests {
  private func problems(_ text: String) -> [String] {
    timed { compileSchema(text).diagnostics.map(\.sketch) }
  }

  private func timed<Result>(_ body: () -> Result) -> Result {
    let start = Self.processorSeconds
    let result = body()
    // A second is what a slow machine takes for the largest; quadratic time would be minutes.
    #expect(Self.processorSeconds - start < (Self.isOptimized ? 5 : 100))
    return result
  }

  /// Of this thread alone, so that what runs beside a test does not count.
  private static var processorSeconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Whether the compiler was optimized; without that, time says nothing.
  private static let isOptimized: Bool = {
    var isOptimized = true
    assert(
      {
        isOptimized = false
        return true
      }())
    return isOptimized
  }()

  private func nested(_ depth: Int) -> String {
    "<schema name=\"s\">" + String(repeating: "<module name=\"m\">", count: depth - 1) + "x"
      + String(repeating: "</module>", count: depth - 1) + "</schema>"
  }

  @Test func elementsMayBeNested200Deep() {
    #expect(problems(nested(200)) == [])
    #expect(problems(nested(201)).map { $0.prefix(6) } == ["PML006"])
    #expect(problems(nested(100_000)).map { $0.prefix(6) } == ["PML006"])
    #expect(problems(String(repeating: "<a>", count: 1_000_000)).map { $0.prefix(6) } == ["PML006"])
  }

  @Test func anElementMayHave256Attributes() {
    func reference(_ count: Int) -> String {
      "<prompt schema=\"s\"><m\((0..<count).map { " a\($0)='1'" }.joined())/></prompt>"
    }
    let schema = Schema(name: "s", attention: .context, nodes: [])
    func codes(_ count: Int) -> Set<String> {
      let source = SourceFile(path: "p", text: reference(count))
      return Set(PML.compilePrompt(source, schema: schema, template: .none).diagnostics.map(\.code.rawValue))
    }
    #expect(codes(256) == ["PML302"])
    #expect(codes(257) == ["PML007"])
    #expect(problems("<schema\((0..<1_000_000).map { " a\($0)=''" }.joined())/>") == ["PML007 1:1947-1:1951"])
  }

  @Test func aDocumentMayHaveAMillionElements() {
    let elements = String(repeating: "<a/>", count: 1_000_000)
    #expect(problems("<schema name=\"s\">\(elements)</schema>") == ["PML008 1:4000015-1:4000016"])
  }

  @Test func aDocumentMayHave64MiB() {
    let text = String(repeating: "a", count: 64 << 20)
    #expect(problems(text) == ["PML018 1:1-1:2"])
    #expect(problems(text + "a") == ["PML005 1:1-1:1"])
  }

  @Test(arguments: [
    "<!DOCTYPE schema SYSTEM \"http://localhost:1/x.dtd\"><schema name=\"s\"/>",
    "<!DOCTYPE schema [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><schema name=\"s\">&a;</schema>",
    "<!DOCTYPE schema [<!ENTITY a \"&b;&b;\"><!ENTITY b \"&a;\">]><schema name=\"s\">&a;</schema>",
    "<?xml version=\"1.0\"?><!-- x --><!DOCTYPE schema><schema name=\"s\"/>",
  ])
  func aDocumentTypeIsRefused(_ document: String) {
    #expect(problems(document).map { $0.prefix(6) } == ["PML004"])
  }

  @Test func namesAndTextsOfAMegabyteAreTaken() throws {
    let name = String(repeating: "n", count: 1 << 20)
    #expect(problems("<schema name=\"\(name)\">a</schema>") == [])
    #expect(problems("<schema name=\"s\"><\(name)/></schema>") == ["PML101 1:19-1:1048595"])
    let diagnostic = try #require(compileSchema("<schema name=\"s\"><\(name)/></schema>").diagnostics.first)
    #expect(diagnostic.message.utf8.count < 200)
    let text = String(repeating: "text ", count: 4 << 20)
    #expect(try lowered("<schema name=\"s\">\(text)</schema>").nodes.count == 1)
    #expect(try lowered("<schema name=\"s\"><![CDATA[\(text)]]></schema>").nodes.count == 1)
  }

  @Test func manyErrorsAreBounded() {
    let document = "<schema name=\"s\">" + String(repeating: "<x y=\"\"/>", count: 100_000) + "</schema>"
    #expect(problems(document).count == 10_000)
  }

  @Test func deepNamesDoNotAddUp() {
    let modules = (0..<20_000).map { "<module name=\"m\($0)\">a</module>" }.joined()
    let document = nested(199).replacing("x", with: modules)
    #expect(problems(document) == [])
  }

  @Test func manyReferencesTakeLinearTime() {
    let nodes = (0..<100_000).map { index in
      Schema.Node.module(.init(name: "m\(index)", attention: .context, cache: true, nodes: [.text(TextRun("x"))]))
    }
    let references = (0..<100_000).map { "<m\($0)/>" }.joined(separator: "\n")
    let source = SourceFile(path: "p", text: "<prompt schema=\"s\">\(references)</prompt>")
    let schema = Schema(name: "s", attention: .context, nodes: nodes)
    let compilation = timed { PML.compilePrompt(source, schema: schema, template: .none) }
    #expect(compilation.diagnostics == [])
    #expect(compilation.prompt?.imports.count == 100_000)
  }

  @Test func aLargeSchemaTakesLinearTime() {
    let text = String(repeating: "Some words of a document, and a line break.\n    ", count: 100)
    let modules = (0..<2_000).map { "<module name=\"m\($0)\">\n    \(text)</module>\n" }.joined()
    #expect(problems("<schema name=\"s\">\(modules)</schema>") == [])
  }
}

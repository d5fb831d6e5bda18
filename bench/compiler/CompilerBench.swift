// compiler-bench [compile] [check]: how fast the compiler is on this machine, as Markdown.

import Engine
import Foundation
import PMLCompiler
import PromptCache

@main
enum CompilerBench {
  static func main() throws {
    let wanted = CommandLine.arguments.dropFirst()
    print("\(ProcessInfo.processInfo.activeProcessorCount) cores")
    if wanted.isEmpty || wanted.contains("compile") { try compile() }
    if wanted.isEmpty || wanted.contains("check") { try check() }
  }

  /// From a schema's bytes to those of its `.pmlir`, with a model's tokenizer.
  private static func compile() throws {
    let model = try longModel()
    print("\n| modules | tokens | MB | time, ms | processor time, ms | tokens a ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for modules in [10, 100, 1_000] {
      let text = SampleSchema.text(modules: modules, bytesEach: 990)
      let bytes = Array(text.utf8)
      var tokens = 0
      let timing = try Timing.median(of: 5) {
        let result = model.compile(schema: SourceFile(path: "sample.pml", bytes: bytes))
        guard let schema = result.value else { throw Failure(diagnostics: result.diagnostics) }
        tokens = schema.plan.layout.segments.reduce(0) { $0 + $1.tokens.count }
        _ = schema.compiled.encoded
      }
      row([
        "\(modules)", "\(tokens)", decimals(Double(bytes.count) / 1e6, 2), milliseconds(timing.wall),
        milliseconds(timing.processor), decimals(Double(tokens) / timing.wall / 1000, 0),
      ])
    }
  }

  /// A schema of 10 MB and 2,000 modules from its file to its diagnostics, without a tokenizer.
  private static func check() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = folder.url.appending(path: "sample.pml").path
    print("\n| check | modules | MB | time, ms | processor time, ms | MB/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (name, prefix) in [("nothing wrong", ""), ("an error in each module", " colour=\"red\"")] {
      let text = SampleSchema.text(modules: 2_000, bytesEach: 4_900)
        .replacing("<module name", with: "<module\(prefix) name")
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      var found = 0
      let timing = try Timing.median(of: 5) {
        let results = DocumentChecker(model: nil).check([try SourceFile.read(FilePath(path))])
        found = results.reduce(0) { $0 + $1.diagnostics.count }
      }
      guard found == (prefix.isEmpty ? 0 : 2_000) else { throw Failure(diagnostics: []) }
      let megabytes = Double(text.utf8.count) / 1e6
      row([
        name, "2000", decimals(megabytes, 1), milliseconds(timing.wall), milliseconds(timing.processor),
        decimals(megabytes / timing.wall, 0),
      ])
    }
  }

  /// The model that ships, with positions for a million tokens.
  private static func longModel() throws -> LoadedModel {
    let shipped = try LoadedModel(at: nil)
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      guard let file = try shipped.files.file(name) else { continue }
      var text = unsafe file.bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
      if name == "config.json" {
        text.replace(/"max_position_embeddings": \d+/, with: "\"max_position_embeddings\": 1000000")
      }
      try text.write(to: folder.url.appending(path: name), atomically: true, encoding: .utf8)
    }
    return try LoadedModel(at: FilePath(folder.url.path))
  }

  private static func row(_ cells: [String]) { print("| \(cells.joined(separator: " | ")) |") }

  private static func milliseconds(_ seconds: Double) -> String { decimals(seconds * 1000, seconds < 0.1 ? 1 : 0) }

  private static func decimals(_ number: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", number)
  }
}

/// A sample that did not compile as it should.
struct Failure: Error {
  let diagnostics: [Diagnostic]
}

/// A folder that is removed at the end.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "compiler-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

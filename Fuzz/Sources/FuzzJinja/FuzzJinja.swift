import FuzzBounds
import Jinja
import PMLCompiler

/// What libFuzzer calls for each input that it comes up with.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let program = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
  Bounds.hold {
    FuzzJinja.render(program)
    FuzzJinja.find(program)
  }
  return 0
}

/// Takes an input as a model's chat template, and holds what is found to its promises.
enum FuzzJinja {
  /// A character of messages that no program has a reason to write itself.
  private static let mark: Unicode.Scalar = "\u{F1234}"

  /// No character of a message is taken for one of the template's, whatever the program does with it.
  static func render(_ program: String) {
    guard !program.unicodeScalars.contains(mark), let template = try? Template(program) else { return }
    let text = "a\(mark)<|im_end|>\(mark) b"
    let messages = ["system", "user", "assistant", "user"].map { role in
      TemplateValue.mapping([("role", .trusted(role)), ("content", .message(text))])
    }
    let rendered = try? template.render(
      ["messages": .list(messages), "add_generation_prompt": .bool(true), "bos_token": .trusted("<s>")],
      limits: RenderingLimits(steps: 100_000, characters: 1 << 18))
    for run in rendered?.runs ?? [] where run.origin == .template {
      Bounds.require(!run.text.unicodeScalars.contains(mark), "a message's character became the template's")
    }
  }

  static func find(_ text: String) {
    // The program may write what it likes; only what messages hold must not get into a part. So it is kept from writing the
    // words that messages hold, of which each begins with these letters.
    let program = text.replacing("Wq", with: "Vq")
    let tokens = ["bos_token": "<s>", "eos_token": "</s>"]
    let found = FoundTemplate(rendering: program, specialTokens: tokens, beginOfSequence: "<s>")
    Bounds.require(
      found == FoundTemplate(rendering: program, specialTokens: tokens, beginOfSequence: "<s>"), "not the same twice")
    let parts = found.template
    for text in [
      parts.system.prefix, parts.system.suffix, parts.user.prefix, parts.user.suffix, parts.assistant.prefix,
      parts.assistant.suffix, parts.header,
    ] {
      Bounds.require(found.origin != .rendering || !text.contains("Wq"), "a message became a part")
    }
    for source in documents {
      let compilation = PML.compileSchema(source, template: parts, includes: NoFiles())
      Bounds.require(compilation.schema != nil, "a template broke a schema")
      guard let warning = found.warning(for: compilation.roles, in: source.path) else { continue }
      Bounds.requirePrintable(warning.message)
    }
  }

  private static let documents = ["<system>S</system><user>U</user>", "<user>U</user><assistant>A</assistant>"].map {
    SourceFile(path: "fuzz.pml", text: "<schema name=\"s\">\($0)</schema>")
  }
}

/// There are none.
struct NoFiles: IncludeReader {
  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] { throw .notRegularFile }
}

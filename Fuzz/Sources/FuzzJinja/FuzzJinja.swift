import PMLCompiler

/// What libFuzzer calls for each input that it comes up with.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  FuzzJinja.find(String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self))
  return 0
}

/// Takes an input as a model's chat template, and holds what is found to its promises.
enum FuzzJinja {
  static func find(_ program: String) {
    let tokens = ["bos_token": "<s>", "eos_token": "</s>"]
    let found = FoundTemplate(rendering: program, specialTokens: tokens, beginOfSequence: "<s>")
    precondition(
      found == FoundTemplate(rendering: program, specialTokens: tokens, beginOfSequence: "<s>"), "not the same twice")
    let parts = found.template
    for text in [
      parts.system.prefix, parts.system.suffix, parts.user.prefix, parts.user.suffix, parts.assistant.prefix,
      parts.assistant.suffix, parts.header,
    ] {
      let isClean = found.origin != .rendering || !text.contains("Wq0zk") || program.contains("Wq")
      precondition(isClean, "a message became a part")
    }
    for source in documents {
      let compilation = PML.compileSchema(source, template: parts, includes: NoFiles())
      precondition(compilation.schema != nil, "a template broke a schema")
      guard let warning = found.warning(for: compilation.roles, in: source.path) else { continue }
      let isPrintable = warning.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      precondition(isPrintable && warning.message.utf8.count < 10_000, "a warning that no terminal should see")
    }
  }

  private static let documents = ["<system>S</system><user>U</user>", "<user>U</user><assistant>A</assistant>"].map {
    SourceFile(path: "fuzz.pml", text: "<schema name=\"s\">\($0)</schema>")
  }
}

/// There are none.
struct NoFiles: IncludeReader {
  func bytes(of path: String, limit: Int) throws(IncludeError) -> [UInt8] { throw .unreadable(.notFound) }
}

import ContentHash
import PMLCompiler
import TestSupport
import Testing

struct CompiledSchemaTests {
  private static let roles = ChatTemplate(
    system: .init("<s>\n", "</s>"), user: .init("[INST] ", " [/INST]"), assistant: .init(" ", "</s>"), header: "",
    userAfterSystem: .init("", " [/INST]"))

  private static let schema = PMLCompilerTests.schema([
    template("s"), text("ab"),
    module("plan", [text("in"), parameter("days", length: 4, default: "3", space: true)]),
    module("stay", [parameter("at", length: 2, scaffold: "x")]),
  ])

  private static func compiled(
    _ schema: Schema, _ tokenizer: ByteTokenizer = ByteTokenizer()
  ) throws -> CompiledSchema {
    CompiledSchema(schema: schema, template: roles, layout: try layout(schema, tokenizer))
  }

  @Test func hasOneForm() throws {
    let expected = #"""
      {"compiler":"\#(CompiledSchema.compilerVersion)","format":"pmlir",\#
      "hash":"\#(Self.schema.contentHash)","layout":{"bos":1,"fill":2,"length":12,\#
      "modules":[{"cached":true,"length":6,"path":"plan","start":4},{"cached":true,"length":2,"path":"stay","start":10}],\#
      "parameters":[{"default":[32,51],"length":4,"name":"days","path":"plan","placeholder":[],"start":6},\#
      {"length":2,"name":"at","path":"stay","placeholder":[120],"start":10}],\#
      "segments":[{"path":"","start":0,"tokens":[1]},{"path":"","run":0,"start":1,"tokens":[1115]},\#
      {"path":"","run":1,"start":2,"tokens":[97,98]},{"path":"plan","run":2,"start":4,"tokens":[105,110]}]},\#
      "schema":\#(String(decoding: Self.schema.canonicalJSON, as: UTF8.self)),\#
      "template":{"assistant":[" ","</s>"],"header":"","system":["<s>\n","</s>"],"user":["[INST] "," [/INST]"],\#
      "user_after_system":[""," [/INST]"]},"version":1}
      """#
    #expect(String(decoding: try Self.compiled(Self.schema).encoded, as: UTF8.self) == expected)
  }

  @Test func readsWhatItWrote() throws {
    for seed in 0..<200 as Range<UInt64> {
      let tokenizer = ByteTokenizer(beginOfSequence: seed.isMultiple(of: 2) ? 1 : nil)
      let compiled = try Self.compiled(RandomSchema.schema(seed: seed), tokenizer)
      let read = try CompiledSchema(decoding: compiled.encoded)
      #expect(read == compiled)
      #expect(read.encoded == compiled.encoded)
      try read.check(tokenizer)
    }
  }

  @Test func knowsItsTokenizer() throws {
    let compiled = try Self.compiled(Self.schema)
    for other in [ByteTokenizer(beginOfSequence: nil), ByteTokenizer(placeholder: 9), ByteTokenizer(contextLength: 8)] {
      #expect(throws: IRError.otherTokenizer) { try compiled.check(other) }
    }
  }

  @Test(arguments: [
    (#""fill":2"#, #""fill":2,"more":1"#), (#""start":4"#, #""start":5"#), (#"[97,98]"#, "[97]"),
    (#""run":2"#, #""run":7"#), (#""bos":1,"#, ""), (#""length":12"#, #""length":13"#), ("[32,51]", "[1,2,3,4,5]"),
    ("[120]", "[1,2,3]"), (#"{"cached":true,"length":2,"path":"stay","start":10}"#, ""),
  ])
  func refusesALayoutThatIsNotTheSchemas(part: String, other: String) throws {
    let text = String(decoding: try Self.compiled(Self.schema).encoded, as: UTF8.self)
    #expect(text.contains(part))
    #expect(throws: IRError.self) {
      try CompiledSchema(decoding: Array(text.replacing(part, with: other, maxReplacements: 1).utf8))
    }
  }

  @Test func refusesOtherFiles() throws {
    let text = String(decoding: try Self.compiled(Self.schema).encoded, as: UTF8.self)
    func error(_ part: String, _ other: String) -> IRError? {
      #expect(throws: IRError.self) {
        try CompiledSchema(decoding: Array(text.replacing(part, with: other, maxReplacements: 1).utf8))
      }
    }
    #expect(error("pmlir", "pdf") == .notIR)
    #expect(error(#"]},"version":1}"#, #"]},"version":4}"#) == .unsupportedVersion(found: 4, supported: 3))
    #expect(error(#""compiler""#, #""by":"me","compiler""#) == .unknownKey("by", in: "file"))
    guard case .hashMismatch(Self.schema.contentHash, _) = error(#"{"text":"ab"}"#, #"{"text":"AB"}"#) else {
      Issue.record("an edited schema is read")
      return
    }
    #expect(
      error(#"["<s>\n","</s>"]"#, #"["<s>\n"]"#) == .template(.notTwoStrings("system")))
    #expect(throws: IRError.notIR) { try CompiledSchema(decoding: Array("3".utf8)) }
  }

  @Test func takesTheDeepestSchema() throws {
    var node = module("m", [text("x")])
    for depth in 0..<99 { node = union([member("m", [node, text("\(depth)")])]) }
    let compiled = try Self.compiled(PMLCompilerTests.schema([node]))
    #expect(try CompiledSchema(decoding: compiled.encoded) == compiled)
    node = module("m", [text("x")])
    for depth in 0..<199 { node = module("m", [node, text("\(depth)")]) }
    let deeper = try Self.compiled(PMLCompilerTests.schema([node]))
    #expect(try CompiledSchema(decoding: deeper.encoded) == deeper)
  }

  /// Whatever a byte becomes: an error, or a file that is right again.
  @Test func damageIsAnErrorOrRight() throws {
    let encoded = try Self.compiled(Self.schema).encoded
    var generator = SeededGenerator(seed: 1)
    var read = 0
    for _ in 0..<1_000 {
      var bytes = encoded
      bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      guard let compiled = try? CompiledSchema(decoding: bytes) else { continue }
      read += 1
      #expect(try CompiledSchema(decoding: compiled.encoded) == compiled)
      #expect(EncodingPlan(of: compiled.layout).encodings.count == 6)
    }
    #expect(read < 100)
  }

  // MARK: What was written before schemas were compact

  private static let digestsOfVersion1 = [
    "24616a6ff1da2b8faf06b19997aee23464786e7956107bf3e4fc2c2226b555ca",
    "9824486dba72efeb7e8a48d56cbb143b4d095940e73aa5c35f8ebd51903b14da",
    "91021fb87925a2a19bb2074933ad26ff1d8c41bd230c156ef8ebca04c3036f92",
    "e861bd09e58afec658545acd07b1a92a02d02eb4bb188494ac2626e49a42dbb4",
    "9c61d0febe1aceb76375f1481e0f9e55b079ab7ae7174ba4cea2284325349367",
    "788c3d0979547f636fe87e3e95ead38961b70f6bf1034158d94e95bacbe812f3",
    "f5390202d07f784f155a8d665406f128f45867d0b5f2f93507d58ce56868e55f",
    "b14a6fbfbd2742ac5dd3d864763aacbd025cea20c362ba4aa5f3d8f1d213eeb0",
    "a7c1be0b786444710f067dd34c6e4d0d626ef0cc32be2c0ce9c20ec296d97228",
    "91021fb87925a2a19bb2074933ad26ff1d8c41bd230c156ef8ebca04c3036f92",
    "e861bd09e58afec658545acd07b1a92a02d02eb4bb188494ac2626e49a42dbb4",
    "9c61d0febe1aceb76375f1481e0f9e55b079ab7ae7174ba4cea2284325349367",
    "635e33040db8b3082fdeb079b1c3035fc9ab0cc15ab766748b58d17c215f42e4",
  ]

  /// The file, and the digests, are those of the program as it was before there were compact schemas.
  @Test func filesOfVersion1AreFixed() throws {
    let text = try Repository.text("Tests/PMLCompilerTests/Fixtures/version-1.pmlir")
    let bytes = Array(text.utf8.prefix { $0 != UInt8(ascii: "\n") })
    let compiled = try CompiledSchema(decoding: bytes)
    #expect(compiled.schema.positions == .fixed && compiled.layout.kind == .fixed)
    #expect(compiled.encoded == bytes)
    #expect(
      EncodingPlan(of: compiled.layout).encodings.map(\.digest.hexadecimal) == Self.digestsOfVersion1)
  }

  @Test func compactSchemasAreOfVersion2() throws {
    for seed in 0..<100 as Range<UInt64> {
      let tokenizer = ByteTokenizer(
        beginOfSequence: seed.isMultiple(of: 2) ? 1 : nil, restToken: seed.isMultiple(of: 3) ? nil : ByteTokenizer.rest)
      for positions in [Schema.Positions.compact, .fixed] {
        let compiled = try Self.compiled(RandomSchema.schema(seed: seed, positions: positions), tokenizer)
        let read = try CompiledSchema(decoding: compiled.encoded)
        #expect(read == compiled && read.encoded == compiled.encoded)
        try read.check(tokenizer)
        let isNew = positions == .compact || compiled.layout.restToken != nil
        #expect(String(decoding: read.encoded, as: UTF8.self).hasSuffix(#","version":\#(isNew ? 2 : 1)}"#))
      }
    }
    let text = String(decoding: try Self.compiled(Self.schema).encoded, as: UTF8.self)
    #expect(throws: IRError.layoutMismatch) {
      try CompiledSchema(decoding: Array(text.replacing(#"]},"version":1}"#, with: #"]},"version":2}"#).utf8))
    }
  }

  /// States of isolated modules that rest on nothing stay usable with the model that they were made for.
  @Test func filesOfVersion1HaveNoRestToken() throws {
    let schema = PMLCompilerTests.schema([module("m", attention: .isolated, [text("a")])])
    let before = try Self.compiled(schema, ByteTokenizer(beginOfSequence: nil))
    let now = ByteTokenizer(beginOfSequence: nil, restToken: ByteTokenizer.rest)
    try CompiledSchema(decoding: before.encoded).check(now)
    #expect(try Self.compiled(schema, now).layout != before.layout)
    let compact = PMLCompilerTests.schema(schema.nodes, positions: .compact)
    let edited = try Self.compiled(compact, ByteTokenizer(beginOfSequence: nil))
    #expect(throws: IRError.otherTokenizer) { try edited.check(now) }
  }

  @Test func refusesFilesLargerThanAnyItWrites() {
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: 64 << 20 | 1)
    #expect(throws: IRError.tooLarge(bytes: bytes.count)) { try CompiledSchema(decoding: bytes) }
  }

  @Test func refusesLengthsBeyondReason() throws {
    let huge = Self.schemaJSON(length: Int.max)
    #expect(throws: IRError.self) { try CompiledSchema(decoding: huge) }
  }

  /// A file whose hash is right and whose parameter is huge.
  private static func schemaJSON(length: Int) -> [UInt8] {
    let schema = PMLCompilerTests.schema([
      module("m", [parameter("p", length: length), parameter("q", length: length)])
    ])
    let text = """
      {"compiler":"0.1.0","format":"pmlir","hash":"\(schema.contentHash)","layout":{"fill":2,"length":\(length),
      "modules":[],"parameters":[],"segments":[]},"schema":\(String(decoding: schema.canonicalJSON, as: UTF8.self)),
      "template":{"assistant":["",""],"header":"","system":["",""],"user":["",""]},"version":1}
      """
    return Array(text.utf8)
  }
}

import ContentHash
import JSONText
import PMLCompiler
import Testing

struct SchemaCodingTests {
  private static let travel = Schema(
    name: "travel", positions: .fixed, attention: .context,
    nodes: [
      text("You plan trips.\n\"Naïve\" \\ \u{1} 東京"),
      template("<|im_start|>user\n"),
      module(
        "plan", [parameter("days", length: 8, scaffold: "a week", default: "3 days", space: true)]),
      union(
        [member("miami", attention: .isolated, [text("beach")]), member("bern", cache: false, [])], scaffold: "miami"),
    ],
    scaffolds: [Schema.Scaffold(modules: [path("plan"), path("miami")])])

  private static let golden = #"""
    {"attention":"context","name":"travel","nodes":[{"text":"You plan trips.\n\"Naïve\" \\ \u0001 東京"},\#
    {"template":"<|im_start|>user\n"},\#
    {"module":{"attention":"context","cache":true,"name":"plan","nodes":[\#
    {"parameter":{"default":"3 days","leading_space":true,"length":8,"name":"days","scaffold":"a week"}}]}},\#
    {"union":{"members":[\#
    {"attention":"isolated","cache":true,"name":"miami","nodes":[{"text":"beach"}]},\#
    {"attention":"context","cache":false,"name":"bern","nodes":[]}],"scaffold":"miami"}}],\#
    "scaffolds":[["plan","miami"]],"version":1}
    """#

  @Test func hasOneForm() {
    #expect(String(decoding: Self.travel.canonicalJSON, as: UTF8.self) == Self.golden)
    #expect(Self.travel.contentHash == SHA256Digest(of: Self.golden))
  }

  @Test func readsWhatItWrote() throws {
    #expect(try Schema(canonicalJSON: Array(Self.golden.utf8)) == Self.travel)
    for seed in 0..<200 as Range<UInt64> {
      let schema = RandomSchema.schema(seed: seed)
      let read = try Schema(canonicalJSON: schema.canonicalJSON)
      #expect(read == schema)
      #expect(read.canonicalJSON == schema.canonicalJSON)
    }
  }

  private func error(_ json: String) -> IRError? {
    #expect(throws: IRError.self) { try Schema(canonicalJSON: Array(json.utf8)) }
  }

  private func edited(_ part: String, _ other: String) -> String {
    #expect(Self.golden.contains(part))
    return Self.golden.replacing(part, with: other, maxReplacements: 1)
  }

  @Test func refusesOtherVersionsAndKeys() {
    #expect(error(edited(#""version":1"#, #""version":4"#)) == .unsupportedVersion(found: 4, supported: 3))
    #expect(error(edited(#""version":1"#, #""version":0"#)) == .unsupportedVersion(found: 0, supported: 3))
    #expect(error(edited(#""version":1"#, #""version":1,"more":0"#)) == .unknownKey("more", in: "schema"))
    #expect(error(edited(#""cache":true"#, #""cache":true,"kept":true"#)) == .unknownKey("kept", in: "module"))
    #expect(error(edited(#""cache":true,"#, "")) == .expected("boolean", key: "cache", in: "module"))
    #expect(error(edited(#""length":8"#, #""length":"8""#)) == .expected("integer", key: "length", in: "parameter"))
    #expect(error(edited("isolated", "alone")) == .expected("attention", key: "attention", in: "module or schema"))
    #expect(error(edited(#"{"text":"beach"}"#, #"{"image":"beach"}"#)) == .expected("value", key: "union", in: "node"))
    #expect(error("[]") == .notIR)
  }

  @Test func compactPositionsAreSaidInVersion2() throws {
    let golden = edited(#""version":1"#, #""version":2"#)
      .replacing(#""scaffolds":[["plan""#, with: #""positions":"compact","scaffolds":[["plan""#)
    let compact = Schema(
      name: Self.travel.name, positions: .compact, attention: .context, nodes: Self.travel.nodes,
      scaffolds: Self.travel.scaffolds)
    #expect(String(decoding: compact.canonicalJSON, as: UTF8.self) == golden)
    #expect(try Schema(canonicalJSON: Array(golden.utf8)) == compact)
    for seed in 0..<50 as Range<UInt64> {
      let schema = RandomSchema.schema(seed: seed, positions: .compact)
      #expect(try Schema(canonicalJSON: schema.canonicalJSON) == schema)
    }
    // Each schema has one form.
    #expect(
      error(edited(#""version":1"#, #""positions":"fixed","version":2"#))
        == .expected("`compact`", key: "positions", in: "schema"))
    #expect(
      error(edited(#""version":1"#, #""version":2"#)) == .expected("string", key: "positions", in: "schema"))
    #expect(
      error(edited(#""version":1"#, #""positions":"compact","version":1"#)) == .unknownKey("positions", in: "schema"))
  }

  @Test func refusesMalformedJSON() {
    func problem(_ json: String) -> JSONError.Problem? {
      guard case .malformed(let error)? = error(json) else { return nil }
      return error.problem
    }
    #expect(problem("") == .unexpectedEnd)
    #expect(problem(Self.golden + "x") == .unexpectedByte(0x78, expected: "the end"))
    #expect(problem(edited(#""length":8"#, #""length":8.5"#)) == .unexpectedNumber(expected: "a 64-bit integer"))
    #expect(problem(#"{"version":1,"version":1}"#) == .duplicateKey("version"))
    #expect(problem(String(repeating: "[", count: 100_000)) == .tooDeep(limit: 1_024))
    for length in 0..<Self.golden.utf8.count {
      #expect(throws: IRError.self) { try Schema(canonicalJSON: Array(Self.golden.utf8.prefix(length))) }
    }
  }

  @Test(arguments: [
    schema([text("")]),
    schema([parameter("p", length: 1)]),
    schema([module("m", [parameter("p", length: 0)])]),
    schema([module("m", [parameter("p", length: 1), parameter("p", length: 1)])]),
    schema([module("m", []), union([member("m", [])])]),
    schema([module("a/b", [])]),
    schema([union([])]),
    schema([union([member("m", [])], scaffold: "n")]),
    schema([module("m", [])], scaffolds: [["m", "n"]]),
    schema([module("m", [])], scaffolds: [["m"]]),
    schema([module("m", [])], scaffolds: [["m", "m"]]),
    schema([module("m", [module("n", [])])], scaffolds: [["m/n", "m"]]),
    schema([module("m", cache: false, []), module("n", [])], scaffolds: [["m", "n"]]),
    schema([union([member("m", [module("x", [])]), member("n", [])])], scaffolds: [["m/x", "n"]]),
    Schema(name: "", positions: .fixed, attention: .context, nodes: []),
    Schema(name: "s\u{1B}[31m", positions: .fixed, attention: .context, nodes: []),
    schema([module("m\n", [])]),
    schema([module("m", [parameter("p\u{202E}", length: 1)])]),
    schema([module("m", [parameter("p", length: -1)])]),
    schema([module("m", [parameter("p", length: Int.max)])]),
    nested(201),
  ])
  func refusesSchemasThatNoDocumentGives(schema: Schema) {
    #expect(throws: IRError.self) { try Schema(canonicalJSON: schema.canonicalJSON) }
  }

  @Test func takesWhatADocumentMayNest() throws {
    #expect(try Schema(canonicalJSON: nested(100).canonicalJSON) == nested(100))
  }

  @Test func takesMembersOfDifferentUnions() throws {
    let schema = schema(
      [union([member("a", []), member("b", [union([member("x", [])]), union([member("y", [])])])])],
      scaffolds: [["b/x", "b/y"]])
    #expect(try Schema(canonicalJSON: schema.canonicalJSON) == schema)
  }
}

/// Modules one in the other.
private func nested(_ depth: Int) -> Schema {
  schema([(1..<depth).reduce(module("m", [])) { inner, _ in module("m", [inner]) }])
}

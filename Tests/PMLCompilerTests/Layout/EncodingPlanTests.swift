import ContentHash
import PMLCompiler
import Testing

/// What encodings see, checked by hand on small schemas, and against the definition on random ones.
struct EncodingPlanTests {
  /// `text@start` of each encoding with what it sees, `text@place`, behind `<`.
  func drawing(_ plan: EncodingPlan) -> [String] {
    plan.encodings.map { encoding in
      let seen = plan.context(of: encoding).map { entry in
        let seen = plan.encodings[entry.encoding]
        return "\(plan.tokens(of: seen).spelled)\(mark(seen))@\(entry.place)"
      }
      return
        (["\(plan.tokens(of: encoding).spelled)\(mark(encoding))@\(encoding.start)"]
        + (seen.isEmpty ? [] : ["<"]) + seen)
        .joined(separator: " ")
    }
  }

  private func mark(_ encoding: EncodingPlan.Encoding) -> String { encoding.scaffold.map { "'\($0)" } ?? "" }

  @Test func contextIsWhatIsCertainToBePresentBefore() throws {
    let plan = try plan(
      schema([
        text("a"),
        module("m", [text("b"), module("n", [text("c")]), text("d")]),
        text("e"),
        module("o", [text("f")]),
      ]))
    #expect(
      drawing(plan) == [
        "^@0", "a@1 < ^@0", "b@2 < ^@0 a@1", "c@3 < ^@0 a@1 b@2", "d@4 < ^@0 a@1 b@2", "e@5 < ^@0 a@1",
        "f@6 < ^@0 a@1 e@5",
      ])
  }

  @Test func isolatedSeesItsOwnModuleAloneAndBOSBeforeIt() throws {
    let plan = try plan(
      schema([
        text("a"),
        module("m", attention: .isolated, [text("b"), module("n", attention: .isolated, [text("c")]), text("d")]),
        module("o", attention: .isolated, [text("e"), module("p", [text("f")])]),
      ]))
    #expect(
      drawing(plan) == [
        "^@0", "a@1 < ^@0", "b@0 < ^@-1", "c@0 < ^@-1", "d@2 < ^@-1 b@0", "e@0 < ^@-1", "f@6 < ^@0 a@1 e@5",
      ])
    #expect(plan.encodings.map(\.isIsolated) == [false, false, true, true, true, true, false])
  }

  @Test func anIsolatedSchemasTextSeesItselfAndBOS() throws {
    let plan = try plan(
      schema(
        [text("a"), union([member("m", [text("b")])], scaffold: "m"), text("c"), module("n", [text("d")])],
        attention: .isolated))
    #expect(drawing(plan) == ["^@0", "a@1 < ^@0", "b@2 < ^@0 a@1", "c@3 < ^@0 a@1", "d@4 < ^@0 a@1 b@2 c@3"])
  }

  @Test func withoutBOSNothingStandsForIt() throws {
    let plan = try plan(
      schema([text("a"), module("m", attention: .isolated, [text("b")])]), ByteTokenizer(beginOfSequence: nil))
    #expect(drawing(plan) == ["a@0", "b@0"])
  }

  @Test func parametersAreSeenAsTheirPlaceholder() throws {
    let plan = try plan(
      schema([module("m", [text("a"), parameter("p", length: 3, scaffold: "x", space: true), text("b")])]))
    #expect(drawing(plan) == ["^@0", "a@1 < ^@0", " x_@2 < ^@0 a@1", "b@5 < ^@0 a@1  x_@2"])
    #expect(plan.encodings.map(\.isStored) == [true, true, false, true])
  }

  @Test func aUnionsScaffoldStandsInWhatFollows() throws {
    let plan = try plan(
      schema([
        union(
          [member("m", [text("a"), module("n", [text("b")]), text("c")]), member("o", [text("1234")])], scaffold: "m"),
        text("d"),
        module("p", [text("e"), union([member("q", [text("f")])], scaffold: "q"), text("g")]),
        text("h"),
      ]))
    #expect(
      drawing(plan) == [
        "^@0", "a@1 < ^@0", "b@2 < ^@0 a@1", "c@3 < ^@0 a@1", "1234@1 < ^@0", "d@5 < ^@0 a@1 c@3",
        "e@6 < ^@0 a@1 c@3 d@5", "f@7 < ^@0 a@1 c@3 d@5 e@6", "g@8 < ^@0 a@1 c@3 d@5 e@6 f@7", "h@9 < ^@0 a@1 c@3 d@5",
      ])
  }

  @Test func uncachedTextHasNoEncodingAndIsSeenByNone() throws {
    let plan = try plan(
      schema([
        module("m", cache: false, [text("a"), parameter("p", length: 2), module("n", [text("b")])]),
        union([member("o", cache: false, [text("c")])], scaffold: "o"),
        text("d"),
      ]))
    #expect(drawing(plan) == ["^@0", "b@4 < ^@0", "d@6 < ^@0"])
    #expect(plan.encoding(ofSegment: 1) == nil)
    #expect(plan.encoding(ofSegment: 2) == 1)
  }

  @Test func aScaffoldsModulesSeeEachOther() throws {
    let plan = try plan(
      schema(
        [
          module("m", [text("a")]), text("b"), module("n", [text("c"), module("x", [text("y")]), text("d")]),
          module("o", attention: .isolated, [text("e"), text("f")]),
        ], scaffolds: [["o", "n", "m"]]))
    #expect(
      drawing(plan).suffix(5) == [
        "a'0@1 < ^@0", "c'0@3 < ^@0 a'0@1 b@2", "d'0@5 < ^@0 a'0@1 b@2 c'0@3",
        "e'0@6 < ^@0 a'0@1 c'0@3 d'0@5", "f'0@7 < ^@0 a'0@1 c'0@3 d'0@5 e'0@6",
      ])
    #expect(plan.encodings.suffix(5).allSatisfy { !$0.isIsolated })
  }

  @Test func aListedMemberReplacesItselfAsItsUnionsScaffold() throws {
    let plan = try plan(
      schema(
        [
          union([member("m", [text("a")]), member("o", [text("z")])], scaffold: "m"), text("b"),
          module("n", [text("c")]),
        ],
        scaffolds: [["m", "n"], ["o", "n"]]))
    #expect(
      drawing(plan).suffix(4) == [
        "a'0@1 < ^@0", "c'0@3 < ^@0 a'0@1 b@2",
        // No prompt imports both members, but presence in a context is by the schema's word.
        "z'1@1 < ^@0", "c'1@3 < ^@0 a@1 z'1@1 b@2",
      ])
  }

  // MARK: Against the definition

  @Test(arguments: 0..<300 as Range<UInt64>) func contextsAreThoseOfTheDefinition(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    let plan = try plan(schema)
    let reference = ContextReference(schema: schema, layout: plan.layout)
    for (index, encoding) in plan.encodings.enumerated() {
      let module = plan.layout.module(of: encoding.item)
      let origin = encoding.isIsolated ? plan.layout.modules[module].start : 0
      #expect(encoding.start + origin == plan.layout.positions(of: encoding.item).lowerBound)
      let seen = plan.context(of: encoding).map { entry in
        let seen = plan.encodings[entry.encoding]
        #expect(entry.encoding < index)
        return ContextReference.Seen(item: seen.item, scaffold: seen.scaffold, position: entry.place + origin)
      }
      #expect(seen == reference.context(of: encoding.item, in: encoding.scaffold))
    }
    let expected = reference.encodedItems()
    #expect(plan.encodings.filter { $0.scaffold == nil }.map(\.item) == expected)
    for (index, scaffold) in schema.scaffolds.enumerated() {
      let items = expected.filter { scaffold.modules.contains(plan.layout.modules[plan.layout.module(of: $0)].path) }
      #expect(plan.encodings.filter { $0.scaffold == index }.map(\.item) == items)
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>) func compactContextsStandSideBySide(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed, positions: .compact)
    let plan = try plan(schema)
    let reference = ContextReference(schema: schema, layout: plan.layout)
    for encoding in plan.encodings {
      let seen = plan.context(of: encoding).map { entry in
        let seen = plan.encodings[entry.encoding]
        return ContextReference.Seen(item: seen.item, scaffold: seen.scaffold, position: entry.place)
      }
      #expect(seen == reference.compactContext(of: encoding.item, in: encoding.scaffold))
      let end = seen.last.map { $0.position + plan.layout.encodedTokenCount(of: $0.item) } ?? 0
      #expect(encoding.start == end)
    }
    let fixed = try PMLCompilerTests.plan(RandomSchema.schema(seed: seed))
    #expect(plan.encodings.map(\.item) == fixed.encodings.map(\.item))
    #expect(plan.layout.length == fixed.layout.length)
  }

  /// Equal digests mean equal states, and equal states equal digests, over many schemas at once.
  @Test(arguments: [Schema.Positions.fixed, .compact])
  func digestsAreEqualWhereStatesAre(positions: Schema.Positions) throws {
    struct State: Hashable {
      let tokens: [TokenID]
      let isPlaceholder: Bool
      let start: Int
      let seen: [[Int]]
    }
    var states: [State: SHA256Digest] = [:]
    var numbers: [SHA256Digest: Int] = [:]
    var shared = 0
    for seed in 0..<200 as Range<UInt64> {
      let plan = try plan(RandomSchema.schema(seed: seed, positions: positions))
      for encoding in plan.encodings {
        let seen = try plan.context(of: encoding).map { entry in
          [try #require(numbers[plan.encodings[entry.encoding].digest]), entry.place]
        }
        let state = State(
          tokens: plan.tokens(of: encoding), isPlaceholder: positions == .fixed && !encoding.isStored,
          start: encoding.start, seen: seen)
        if let known = states[state] {
          #expect(known == encoding.digest)
          shared += 1
        } else {
          #expect(numbers[encoding.digest] == nil)
          states[state] = encoding.digest
          numbers[encoding.digest] = numbers.count
        }
      }
    }
    #expect(shared > 0 && states.count > 500)
  }

  /// From `encoding_digests.py`: what stores hold is found by these.
  @Test func digestsAreThoseOfTheFormat() throws {
    let plan = try plan(
      schema([
        module("m", attention: .isolated, [text("ab"), parameter("p", length: 3, scaffold: "x"), text("c")])
      ]))
    #expect(
      plan.encodings.map(\.digest.hexadecimal) == [
        "24616a6ff1da2b8faf06b19997aee23464786e7956107bf3e4fc2c2226b555ca",
        "a64fd0c3063f0d03ad4695067bc30486fe7552f1880a15e7a5fe6d189bbc5092",
        "7e35a81803882549d805f0f077bf3b3e21a875df04f317724a3772c8ab1064c7",
        "4c2f4161096b2fac664e182effdd04907519118f981cbd580a545c2d4020366d",
      ])
  }

  // MARK: What has to be computed

  @Test func placeholdersAreComputedForWhatSeesThem() throws {
    let plan = try plan(
      schema([
        module("m", [text("a"), parameter("p", length: 2), text("b"), parameter("q", length: 2)]),
        module("n", attention: .isolated, [text("c"), parameter("r", length: 2), text("d"), module("x", [text("e")])]),
      ]))
    func computed(_ missing: String...) -> [String] {
      let digests = plan.encodings.filter { missing.contains(plan.tokens(of: $0).spelled) }.map(\.digest)
      return plan.computation(of: plan.distinctStored) { digests.contains($0.digest) }
        .map { plan.tokens(of: plan.encodings[$0]).spelled }
    }
    #expect(computed() == [])
    #expect(computed("a") == ["a"])
    #expect(computed("b") == ["__", "b"])
    #expect(computed("e") == ["__", "e"])
    #expect(computed("a", "d") == ["a", "__", "d"])
    // BOS, a, p, b, c, r, d, e; nothing sees q
    #expect(plan.computation(of: plan.distinctStored) { _ in true }.count == 8)
    let first = try #require(plan.encodings.firstIndex { plan.tokens(of: $0).spelled == "a" })
    #expect(plan.computation(of: [first]) { _ in true }.count == 2)  // BOS and a
  }

  @Test(arguments: 0..<100 as Range<UInt64>, [Schema.Positions.fixed, .compact])
  func whatIsComputedSuffices(seed: UInt64, positions: Schema.Positions) throws {
    let plan = try plan(RandomSchema.schema(seed: seed, positions: positions))
    var generator = SeededGenerator(seed: seed)
    let stored = plan.distinctStored.map { plan.encodings[$0].digest }
    let missing = Set(stored.filter { _ in Bool.random(using: &generator) })
    var there = Set(stored).subtracting(missing)
    var placeholders: Set<SHA256Digest> = []
    var seen: Set<SHA256Digest> = []
    for index in plan.computation(of: plan.distinctStored, where: { missing.contains($0.digest) }) {
      let encoding = plan.encodings[index]
      let context = plan.context(of: encoding).map { plan.encodings[$0.encoding].digest }
      #expect(there.isSuperset(of: context))
      #expect(there.insert(encoding.digest).inserted)
      if encoding.isStored { #expect(missing.contains(encoding.digest)) } else { placeholders.insert(encoding.digest) }
      seen.formUnion(context)
    }
    #expect(there.isSuperset(of: stored))
    #expect(seen.isSuperset(of: placeholders))
  }

  @Test func anEditChangesTheModuleAndWhatSeesIt() throws {
    func schema(_ b: String) -> Schema {
      PMLCompilerTests.schema([
        text("a"), module("m", [text(b), module("n", [text("c")])]), module("o", [text("d")]),
        union([member("p", [text("e")])], scaffold: "p"), text("f"),
      ])
    }
    let old = try plan(schema("b")).encodings.map(\.digest)
    let new = try plan(schema("B")).encodings.map(\.digest)
    #expect(zip(old, new).map(==) == [true, true, false, false, true, true, true])
  }

  @Test func movingAnIsolatedModuleChangesNothing() throws {
    func digests(_ before: String) throws -> [SHA256Digest] {
      let plan = try plan(
        schema([
          text(before), module("m", attention: .isolated, [text("b"), parameter("p", length: 2), text("c")]),
        ]))
      return plan.encodings.dropFirst(2).map(\.digest)
    }
    #expect(try digests("a") == digests("further ahead"))
  }

  @Test func aLargeSchemaTakesLinearTime() throws {
    let modules = (0..<1_000).flatMap { [text("\($0)"), module("m\($0)", [text("x"), text("y")])] }
    for positions in [Schema.Positions.fixed, .compact] {
      let schema = schema(modules, scaffolds: [["m0", "m999"]], positions: positions)
      let plan = try plan(schema, ByteTokenizer(contextLength: 100_000))
      #expect(plan.encodings.count == 1 + 3_000 + 4)
    }
  }
}

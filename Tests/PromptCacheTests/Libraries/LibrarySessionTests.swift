import Foundation
import PromptCache
import TestSupport
import Testing

/// Libraries from a schema to an answer: warmed, named, found, edited.
@Suite struct LibrarySessionTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private static let texts = [
    "worbi": "The Worbi is made by Bonkru Labs. The Worbi costs 149 euros.",
    "dripin": "The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg.",
    "norville": "Norville lies on the river Lenbru. The mayor of Norville is Taki.",
    "zavon": "Kerti Zavon leads Bonkru Labs and likes apples, pears & “plums”.",
  ]

  private static func schema(_ texts: [String: String] = texts, window: Int = 120) -> SourceFile {
    let modules = texts.sorted { $0.key < $1.key }.map { "<module name=\"\($0)\"><![CDATA[\($1)]]></module>" }
    return SourceFile(
      path: "schema.pml",
      text: """
        <schema name="desk">Answer the question from the documents.<library name="docs" window="\(window)">\
        \(modules.joined())</library></schema>
        """)
  }

  private func warm(_ source: SourceFile = schema(), as element: KVElement = .f32) throws -> WarmedSchema {
    try fixture.session.warm(source, as: element)
  }

  private func prompt(_ content: String, of schema: WarmedSchema) throws -> PlannedPrompt {
    let source = SourceFile(path: "p.pml", text: "<prompt schema=\"desk\">\(content)</prompt>")
    return try fixture.model.compile(prompt: source, of: schema.schema).get()
  }

  private func found(_ content: String, of schema: WarmedSchema) throws -> PlannedPrompt {
    try fixture.session.findDocuments(for: prompt(content, of: schema), of: schema)
  }

  private func answer(_ prompt: PlannedPrompt, of schema: WarmedSchema, repair: Double = 0) async throws -> Completion {
    try await fixture.answer(fixture.session.ready(prompt, of: schema, repair: repair))
  }

  /// A version in the store, whose documents are looked up there, answers as the schema's source does.
  @Test func aStoredVersionAnswersAsItsSource() async throws {
    let warmed = try warm()
    let stored = try fixture.session.schema(named: "desk")
    for content in ["<docs><worbi/><zavon/></docs> How much is the Worbi?", "<docs/> Q", "<docs top=\"2\"/> Norville?"]
    {
      let one = try await answer(found(content, of: warmed), of: warmed)
      let other = try await answer(found(content, of: stored), of: stored)
      #expect(one.tokens == other.tokens)
      #expect(one.logProbabilities?.map(\.logProbability) == other.logProbabilities?.map(\.logProbability))
    }
  }

  /// States of documents, used wherever a prompt names them, are those of isolated modules at the same place.
  @Test func documentsAreUsedAsIsolatedModulesAre() async throws {
    let desk = try warm()
    let modules = try fixture.session.warm(
      SourceFile(
        path: "m.pml",
        text: """
          <schema name="modules">Answer the question from the documents.\
          <module name="zavon" attention="isolated"><![CDATA[\(Self.texts["zavon"] ?? "")]]></module>\
          <module name="worbi" attention="isolated">\(Self.texts["worbi"] ?? "")</module></schema>
          """), as: .f32)
    #expect(modules.report?.encodings.computed == 0)
    let question = " Question: Who leads Bonkru Labs? Answer:"
    let one = try await answer(prompt("<docs><zavon/><worbi/></docs>" + question, of: desk), of: desk)
    let source = SourceFile(path: "p.pml", text: "<prompt schema=\"modules\"><zavon/><worbi/>\(question)</prompt>")
    let other = try await answer(fixture.model.compile(prompt: source, of: modules.schema).get(), of: modules)
    #expect(one.tokens == other.tokens)
    #expect(one.logProbabilities?.map(\.logProbability) == other.logProbabilities?.map(\.logProbability))
    #expect(one.usage.cachedTokens == other.usage.cachedTokens)
  }

  @Test(arguments: [("joint", 0.0), ("repair", 1)]) func wholeRepairAndJointEncodingsEqualTheBaseline(
    _ way: String, _ repair: Double
  ) async throws {
    let desk = try warm()
    let prompt = try prompt("<docs><norville/><dripin/></docs> Question: What does the Dripin weigh? Answer:", of: desk)
    if way == "joint" {
      let report = try fixture.session.makeJoint(for: [prompt], of: desk)
      #expect(report.computed == 2)
    }
    let cached = try await answer(prompt, of: desk, repair: repair)
    let baseline = try await fixture.session.generateUncached(
      from: prompt, options: GenerationOptions(maximumTokens: 8, logProbabilities: 5)
    ).completion()
    #expect(cached.tokens == baseline.tokens)
    for (one, other) in zip(cached.logProbabilities ?? [], baseline.logProbabilities ?? []) {
      #expect(abs(one.logProbability - other.logProbability) < 1e-4)
    }
    #expect(
      cached.usage.exactTokens
        == (way == "joint" ? cached.usage.cachedTokens : cached.usage.promptTokens - prompt.newTokens))
  }

  @Test func whatIsFoundStandsBehindWhatIsNamedTheBestLast() throws {
    let desk = try warm()
    let two = try found("<docs top=\"2\"><norville/></docs> Who leads Bonkru Labs and what costs the Worbi?", of: desk)
    #expect(
      two.documents.map(\.path.description) == ["docs/norville", "docs/zavon", "docs/worbi"]
        || two.documents.map(\.path.description) == ["docs/norville", "docs/worbi", "docs/zavon"])
    #expect(two.documents[0].score == nil)
    let (second, best) = (try #require(two.documents[1].score), try #require(two.documents[2].score))
    #expect(best >= second)
    var end = two.documents[0].start
    for document in two.documents {
      #expect(document.start == end)
      end += document.tokens
    }
    // Nothing has a word of it.
    #expect(try found("<docs top=\"2\" query=\"“xyzzy” (NEAR/2 *\"/> Q", of: desk).documents == [])
    #expect(
      try found("<docs top=\"1\" query=\"plums\"/> Worbi", of: desk).documents.map(\.path.description) == ["docs/zavon"]
    )
    // What is named already is not found again.
    #expect(try found("<docs top=\"9\"><zavon/></docs> Bonkru Labs", of: desk).documents.count == 2)
  }

  @Test func whatDoesNotFitIsPassedOver() throws {
    let texts = Self.texts.merging(["long": String(repeating: "The Worbi is a Worbi. ", count: 4)]) { $1 }
    let desk = try warm(Self.schema(texts, window: 60))
    let lengths = try desk.schema.documents(of: desk.schema.library(named: nil), atMost: 9)
    let long = try #require(lengths.first { $0.name == "long" }).tokenCount
    let worbi = try #require(lengths.first { $0.name == "worbi" }).tokenCount
    try #require(long <= 60 && long + worbi > 60)
    // Both suit; the better one comes first, and the other has no room.
    let found = try found("<docs top=\"2\"/> Worbi", of: desk)
    #expect(found.documents.count == 1)
    let all = try fixture.session.find("Worbi", of: desk.schema, count: 9)
    #expect(all.count == 2)
    #expect(found.documents.first?.path == all.first?.path)
  }

  @Test func attentionOrdersWhatWordsFind() async throws {
    let desk = try warm()
    let asked = try prompt(
      "<docs top=\"2\" rank=\"attention\"/> Question: What is the price of the Dripin? Answer:", of: desk)
    let prompt = try fixture.session.findDocuments(for: asked, of: desk)
    #expect(prompt.documents.count == 2)
    let between = try await fixture.session.findDocuments(for: asked, of: desk, priority: .answer)
    #expect(between.documents == prompt.documents)
    let scores = prompt.documents.compactMap(\.score)
    #expect(scores == scores.sorted())
    _ = try await answer(prompt, of: desk)
  }

  /// Adding, editing and removing a document computes that one alone, and leaves the others' texts and states.
  @Test func anEditTouchesOneDocument() throws {
    let first = try #require(try warm().report)
    #expect(first.encodings.computed == 6)
    var texts = Self.texts
    texts["new"] = "A new document about kettles."
    let added = try #require(try warm(Self.schema(texts)).report)
    #expect((added.encodings.reused, added.encodings.computed) == (6, 1))
    texts["worbi"] = "The Worbi costs 150 euros now."
    #expect(try warm(Self.schema(texts)).report?.encodings.computed == 1)
    texts["zavon"] = nil
    let removed = try #require(try warm(Self.schema(texts)).report)
    #expect((removed.encodings.reused, removed.encodings.computed) == (6, 0))
    #expect(removed.version == 4)
    #expect(try warm(Self.schema(texts)).report?.version == 4)
    let stored = try fixture.session.schema(named: "desk")
    #expect(try fixture.session.find("kettles", of: stored.schema, count: 3).map(\.path.description) == ["docs/new"])
    #expect(try fixture.session.find("apples", of: stored.schema, count: 3) == [])
  }

  /// What a store remembers of documents is what compiling them gives.
  @Test func rememberedDocumentsAreThoseCompiled() throws {
    let fresh = try #require(fixture.session.compile(schemas: [Self.schema()])[0].value)
    _ = try fixture.session.warm(fresh)
    let remembered = try #require(fixture.session.compile(schemas: [Self.schema()])[0].value)
    #expect(remembered.libraryDocuments == fresh.libraryDocuments)
    #expect(remembered.lowered == fresh.lowered)
  }

  @Test func anIndexThatIsGoneOrDamagedIsMadeAnew() throws {
    let desk = try warm()
    let folder = fixture.folder.path("store/prepared")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".index") })
    let path = "\(folder)/\(name)"
    let whole = try Data(contentsOf: URL(filePath: path))
    for change: (inout Data) -> Data? in [{ _ in nil }, { Data($0.prefix(5000)) }, { _ in Data("no index".utf8) }] {
      var bytes = whole
      try FileManager.default.removeItem(atPath: path)
      if let changed = change(&bytes) { try changed.write(to: URL(filePath: path)) }
      // A session of its own, with nothing open.
      let session = try CacheSession(model: fixture.model, storeAt: FilePath(fixture.folder.path("store")), threads: 1)
      let schema = try session.schema(named: "desk")
      #expect(try session.find("Dripin", of: schema.schema, count: 1).map(\.path.description) == ["docs/dripin"])
      #expect(FileManager.default.fileExists(atPath: path))
    }
    _ = desk
    // So does who only reads the store: an index is no change of what it holds.
    try FileManager.default.removeItem(atPath: path)
    let reading = try CacheSession(
      model: fixture.model, storeAt: FilePath(fixture.folder.path("store")), access: .reading, threads: 1)
    let schema = try reading.schema(named: "desk")
    #expect(try reading.find("Dripin", of: schema.schema, count: 1).map(\.path.description) == ["docs/dripin"])
    #expect(FileManager.default.fileExists(atPath: path))
  }

  /// Without a version, what a prompt names is computed, and nothing else.
  @Test func aPromptComputesTheDocumentsThatItNeeds() throws {
    let planned = try fixture.model.compile(schema: Self.schema()).get()
    let schema = try fixture.session.schema(planned, as: .f32)
    let prompt = try found("<docs top=\"1\"><worbi/></docs> Norville", of: schema)
    #expect(prompt.documents.map(\.path.description) == ["docs/worbi", "docs/norville"])
    try fixture.session.ensureStates(for: prompt, of: schema)
    _ = try fixture.session.ready(prompt, of: schema)
    let report = try fixture.session.forecast(planned, as: .f32)
    #expect((report.encodings.reused, report.encodings.computed) == (4, 2))
  }

  @Test func damagedStatesAreMendedByWarming() throws {
    let folder = try TemporaryFolder()
    func session() throws -> CacheSession {
      try CacheSession(model: fixture.model, storeAt: FilePath(folder.path("store")), threads: 1)
    }
    _ = try session().warm(Self.schema(), as: .f32)
    let data = URL(filePath: folder.path("store/data.mdb"))
    var bytes = try Data(contentsOf: data)
    let starts = stride(from: 16, to: bytes.count, by: 4096).filter { bytes[$0..<$0 + 4].elementsEqual("PCKV".utf8) }
    bytes[try #require(starts.last) + 1000] ^= 8
    try bytes.write(to: data)
    let damage = try session().store.verify().damage
    #expect(damage.count == 1)
    #expect(damage.first?.message.hasPrefix("schema `desk`, version 1, `") == true, "\(damage)")
    #expect(try session().warm(Self.schema(), as: .f32).report?.encodings.computed == 1)
    #expect(try session().store.verify().damage == [])
  }
}

extension PlannedPrompt {
  /// Tokens that are computed in any case.
  fileprivate var newTokens: Int { layout.parts.reduce(0) { $0 + ($1.encoding == nil ? $1.tokens.count : 0) } }
}

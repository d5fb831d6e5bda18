import Foundation
import PromptCache
import TestSupport
import Testing

/// A model with sliding windows from document to answer: what is kept, what is told of it, and stores of before.
@Suite struct WindowTests {
  private static let window = 24
  private let folder: TemporaryFolder
  private let model: LoadedModel

  /// The demo model's weights, read as a SmolLM3 with a window in three of five layers.
  init() throws {
    folder = try TemporaryFolder()
    let config = try TemporaryFolder.demoText("config.json")
      .replacing("LlamaForCausalLM", with: "SmolLM3ForCausalLM").replacing("\"llama\"", with: "\"smollm3\"")
      .replacing(
        "\"mlp_bias\": false",
        with: """
          "mlp_bias": false, "use_sliding_window": true, "sliding_window": \(Self.window), "no_rope_layers": [1, 1, 1, 1, 1],
          "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
          """)
    model = try LoadedModel(at: FilePath(try folder.modelCopy(changing: ["config.json": config])))
  }

  private func session(_ store: String) throws -> CacheSession {
    try CacheSession(model: model, storeAt: FilePath(folder.path(store)), threads: 1)
  }

  private static let text = """
    <schema name="s">
      Answer the question from the documents.
      <module name="long">\(String(repeating: "Bonkru Labs is led by Kerti Zavon, in Norville. ", count: 8))</module>
      <module name="alone" attention="isolated">The Worbi costs 149 euros, and weighs 14.3 kg; Bonkru Labs makes
        it in Norville, where the head office of Bonkru Labs is, led by Kerti Zavon.</module>
      <union>
        <module name="short">The Dripin.</module>
        <module name="tall">\(String(repeating: "The price of the Dripin is 820 euros. ", count: 5))</module>
      </union>
      <module name="last">Who leads Bonkru Labs, where is its head office, and what does the Worbi cost there, in euros?
      </module>
    </schema>
    """
  // Ends of segments within reach, gaps of a union, a module elsewhere, and nothing new, so that the last token is
  // computed again.
  private static let prompts = [
    "<long/> Question: Who leads Bonkru Labs? Answer:", "<alone/><short/> Question: What is it? Answer:",
    "<alone/> Q", "<long/><tall/><last/>", "<last/>",
  ]

  private func schema(_ session: CacheSession) throws -> PlannedSchema {
    try session.model.compile(schema: SourceFile(path: "s.pml", text: Self.text)).get()
  }

  /// Answers with their log-probabilities, to the bit.
  private func answers(_ session: CacheSession, _ element: KVElement) async throws -> [Completion] {
    let schema = try session.warm(try schema(session), as: element)
    var answers: [Completion] = []
    for prompt in Self.prompts {
      let source = SourceFile(path: "p.pml", text: "<prompt schema=\"s\">\(prompt)</prompt>")
      let layout = try session.model.compile(prompt: source, of: schema.schema).get().layout
      #expect(prompt.hasSuffix("/>") == (layout.computed.count == 1))
      let ready = try session.prepare(layout, of: schema.schema, element: element)
      let options = GenerationOptions(maximumTokens: 40, logProbabilities: 5)
      answers.append(try await session.generate(from: ready, options: options).completion())
    }
    return answers
  }

  /// The blobs of a plan's encodings in the store, layer by layer.
  private func blobs(
    _ session: CacheSession, _ element: KVElement
  ) throws -> [(encoding: EncodingPlan.Encoding, tokens: Int, blobs: [Blob])] {
    let plan = try schema(session).plan
    let snapshot = try session.store.snapshot()
    let fingerprint = try session.fingerprint
    return try plan.encodings.filter(\.isStored).map { encoding in
      let key = EncodingKey(model: fingerprint, element: element, encoding: encoding.digest)
      let tokens = plan.tokenCount(of: encoding)
      let layout = KVSegmentLayout(session.model.configuration.kvLayers, element: element, tokens: tokens)
      return (encoding, tokens, try #require(try snapshot.blobs(of: key, expecting: layout)))
    }
  }

  @Test(arguments: KVElement.allCases) func whatIsKeptIsWhatIsTold(element: KVElement) throws {
    let session = try session("store")
    let schema = try schema(session)
    let forecast = try session.forecast(schema, as: element)
    let report = try #require(try session.warm(schema, as: element).report)
    let found = try blobs(session, element)
    let byteCount = found.reduce(0) { $0 + $1.blobs.reduce(0) { $0 + $1.payload.byteCount } }
    #expect(report.bytesWritten == byteCount && forecast.bytesWritten == byteCount)
    let format = try #require(session.model.stateFormats.first { $0.name == element.rawValue })
    #expect(found.reduce(0) { $0 + format.byteCount($1.tokens) } == byteCount)
    for (_, tokens, blobs) in found {
      let kept = tokens <= Self.window ? tokens : tokens - (tokens - Self.window) / 16 * 16
      #expect(blobs.map(\.layout.tokens) == [tokens, kept, kept, tokens, kept])
    }
    #expect(found.contains { $0.tokens > 5 * Self.window })
    let pages = try session.store.list().map(\.byteCount)
    #expect(try session.store.statistics().namespaces.map(\.byteCount) == pages)
    #expect(try session.store.verify().isSound)
  }

  /// A store whose layers have all tokens, as they were written before, is used as it is, and gives the same bits; so
  /// does one with both, and what an export brought.
  @Test(arguments: KVElement.allCases) func storesOfBeforeAndExportsGiveTheSameAnswers(element: KVElement) async throws
  {
    let session = try session("store")
    let expected = try await answers(session, element)
    let kept = try blobs(session, element)

    for (name, isOlder) in [("older", { _ in true }), ("mixed", { $0 % 2 == 0 })] as [(String, (Int) -> Bool)] {
      let other = try self.session(name)
      _ = try other.warm(try schema(other), as: element)
      try fillWhole(other, element, where: isOlder)
      #expect(try blobs(other, element).contains { $0.blobs.allSatisfy { $0.layout.tokens > 5 * Self.window } })
      #expect(try other.store.verify().isSound)
      let before = try other.store.statistics().lastCommit
      for (one, two) in zip(expected, try await answers(other, element)) { expectSame(one, two) }
      #expect(try other.store.statistics().lastCommit == before, "something was computed anew")
    }

    let file = FilePath(folder.path("export"))
    _ = try session.store.export(toFile: file)
    let target = try self.session("target")
    _ = try StateStore(at: FilePath(folder.path("target"))).importVersions(from: FoundExport(file: file))
    for (one, two) in zip(expected, try await answers(target, element)) { expectSame(one, two) }
    for (one, two) in zip(kept, try blobs(target, element)) {
      for (left, right) in zip(one.blobs, two.blobs) {
        #expect(left.layout == right.layout)
        #expect(
          unsafe left.payload.withUnsafeBytes { left in
            unsafe right.payload.withUnsafeBytes { right in unsafe left.elementsEqual(right) }
          })
      }
    }
  }

  /// Repair takes of long segments what it can: their beginnings, the whole, and tokens near the end.
  @Test(arguments: [0.05, 0.2, 0.5, 0.8, 1]) func repaired(share: Double) async throws {
    let session = try session("store")
    let schema = try session.warm(try schema(session), as: .f32)
    for prompt in Self.prompts {
      let source = SourceFile(path: "p.pml", text: "<prompt schema=\"s\">\(prompt)</prompt>")
      let prompt = try session.model.compile(prompt: source, of: schema.schema).get()
      let options = GenerationOptions(maximumTokens: 6, logProbabilities: 1)
      let found = try await session.generate(from: prompt, of: schema, repair: share, options: options).completion()
      #expect(found.usage.completionTokens > 0)
      guard share == 1 else { continue }
      let plain = try await session.generateUncached(from: prompt, options: options).completion()
      #expect(found.tokens == plain.tokens)
      for (one, two) in zip(try #require(found.logProbabilities), try #require(plain.logProbabilities)) {
        #expect(abs(one.logProbability - two.logProbability) < 1e-4)
      }
    }
  }

  /// Puts blobs of all tokens in the place of what layers keep, as programs did that knew no better: computed anew, each in
  /// its context.
  private func fillWhole(_ session: CacheSession, _ element: KVElement, where isOlder: (Int) -> Bool) throws {
    let plan = try schema(session).plan
    let engine = try session.engine
    var segments: [Int: KVSegment] = [:]
    for (index, encoding) in plan.encodings.enumerated() {
      let tokens = plan.tokens(of: encoding)
      let context = try plan.context(of: encoding).map { entry in
        AttendedSegment(
          try #require(segments[entry.encoding]), place: entry.place, encodedAt: plan.encodings[entry.encoding].start)
      }
      let states = try engine.encode(
        tokens: tokens, positions: tokens.indices.map { Int32(encoding.start + $0) }, context: context)
      let layout = KVBlobLayout(element: element, shape: engine.kvShape, tokens: tokens.count)
      let blobs = try (0..<engine.kvShape.layers).map { layer in
        try KVMemory(byteCount: layout.byteCount) { bytes throws(EngineError) in
          try states.write(layer: layer, layout: layout, into: &bytes)
        }
      }
      let segment = try KVSegment(layers: blobs, layout: KVSegmentLayout(layout))
      segments[index] = segment
      guard encoding.isStored, isOlder(index) else { continue }
      let key = EncodingKey(model: try session.fingerprint, element: element, encoding: encoding.digest)
      try session.store.write { batch throws(StoreError) in
        for layer in 0..<engine.kvShape.layers {
          try batch.put(BlobKey(key, layer: layer), layout: layout) { segment.copy(layer: layer, into: &$0) }
        }
      }
    }
  }
}

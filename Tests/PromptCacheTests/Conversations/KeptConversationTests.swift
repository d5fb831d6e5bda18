import Foundation
import PromptCache
import TestSupport
import Testing

/// Beginnings of conversations in the store.
@Suite struct KeptConversationTests {
  private let folder: TemporaryFolder
  private let model: LoadedModel

  init() throws {
    folder = try TemporaryFolder()
    model = try LoadedModel(at: nil, template: "chatml")
  }

  private func session(
    _ access: StoreAccess = .writing, model other: LoadedModel? = nil, _ options: StoreOptions = .init()
  ) throws -> CacheSession {
    try CacheSession(
      model: other ?? model, storeAt: FilePath(folder.path("store")), access: access, options: options, threads: 1)
  }

  private static let options = GenerationOptions(maximumTokens: 6, logProbabilities: 5)

  private func answer(_ prompt: ReadyPrompt, _ session: CacheSession) async throws -> Completion {
    try await session.generate(from: prompt, options: Self.options).completion()
  }

  private static let rules = "Answer the question from the documents. Say nothing else."
  private static let documents = "Bonkru Labs is led by Kerti Zavon. The price of the Dripin is 820 euros."

  /// A conversation of some turns, whose states are kept up to the end of these parts: numbers of messages and parts.
  private func talk(_ turns: Int, keeping kept: [(Int, Int)] = []) -> [ChatMessage] {
    func part(_ text: String, _ message: Int, _ part: Int) -> ChatMessage.Part {
      ChatMessage.Part(text, isKept: kept.contains { $0 == (message, part) })
    }
    var messages = [
      ChatMessage(role: "system", parts: [part(Self.rules, 0, 0), part("\n" + Self.documents, 0, 1)])
    ]
    for turn in 0..<turns {
      let index = messages.count
      messages.append(
        ChatMessage(role: "user", parts: [part("Question \(turn): what does the Dripin cost?", index, 0)]))
      guard turn + 1 < turns else { break }
      messages.append(ChatMessage(role: "assistant", parts: [part("It costs \(800 + turn) euros.", index + 1, 0)]))
    }
    return messages
  }

  private func close(_ one: Completion, _ other: Completion, within tolerance: Float) throws {
    #expect(one.tokens == other.tokens)
    for (left, right) in zip(try #require(one.logProbabilities), try #require(other.logProbabilities)) {
      #expect(abs(left.logProbability - right.logProbability) < tolerance)
    }
  }

  @Test(arguments: [(KVElement.f32, Float(1e-4)), (.f16, 2e-2)])
  func keptBlocksAreFoundLaterAndElsewhere(element: KVElement, tolerance: Float) async throws {
    var kept = 0
    let plain = try await answer(try ReadyPrompt(tokens: model.tokens(of: talk(3)), for: model), try session())
    do {
      let session = try session()
      // Nothing is kept that nobody has asked for.
      #expect(try await answer(try session.conversation(talk(3), as: element), session).usage.cachedTokens == 0)
      let marked = talk(3, keeping: [(3, 0)])
      let first = try await answer(try session.conversation(marked, as: element), session)
      kept = first.usage.cachedTokens
      // All up to there, the template's text around the turns as well.
      let rest = try model.text(of: talk(3)).components(behind: "Question 1: what does the Dripin cost?")
      #expect(kept > 60 && model.tokenizer.tokens(of: rest).count >= first.usage.promptTokens - kept)
      #expect(first.usage.exactTokens == kept)
      try close(first, plain, within: tolerance)
    }
    // Another session on the same store, with and without marks, and conversations that begin alike.
    for (turns, marks, found) in [(3, [(0, 1)], kept), (3, [], kept), (5, [], kept)] {
      let session = try session(.reading)
      let prompt = try session.conversation(talk(turns, keeping: marks), as: element)
      let later = try await answer(prompt, session)
      #expect(later.usage.cachedTokens == found && later.usage.exactTokens == found)
      let all = try await answer(try ReadyPrompt(tokens: model.tokens(of: talk(turns)), for: model), session)
      try close(later, all, within: tolerance)
    }
    // What begins alike is found as far as it does, a part of a message too.
    let session = try session(.reading)
    let other = [
      ChatMessage(role: "system", parts: [.init(Self.rules), .init("\nThe Worbi costs 149 euros.")]),
      ChatMessage(role: "user", text: "What does the Worbi cost?"),
    ]
    let found = try await answer(try session.conversation(other, as: element), session).usage
    #expect(found.cachedTokens > 5 && found.cachedTokens < kept)
    let strange = [ChatMessage(role: "user", text: "What does the Worbi cost?")]
    #expect(try await answer(try session.conversation(strange, as: element), session).usage.cachedTokens == 0)
  }

  @Test func eachTurnAddsWhatIsNew() async throws {
    let session = try session()
    _ = try session.conversation(talk(2, keeping: [(0, 1)]))
    let combination = try #require(try session.store.jointCombinations().first)
    #expect(combination.parts == ["system message", "system message"] && combination.isWhole)
    #expect(combination.schema == JointRecord.conversation && !combination.isInUse)
    var tokens = combination.tokens
    for turns in 2..<5 {
      let prompt = try session.conversation(talk(turns, keeping: [(2 * turns - 1, 0)]))
      let combinations = try session.store.jointCombinations()
      #expect(combinations.count == 1 && combinations[0].parts.count == 2 * turns + 1)
      #expect(combinations[0].tokens > tokens && combinations[0].isInUse)
      tokens = combinations[0].tokens
      #expect(try await answer(prompt, session).usage.cachedTokens == tokens)
    }
    #expect(try session.store.verify().damage == [])
  }

  @Test func garbageCollectionTreatsThemAsJointEncodings() async throws {
    let session = try session()
    let schema = try session.warm(SourceFile(path: "s.pml", text: chain), as: .f16)
    var prompt: ReadyPrompt? = try session.conversation(talk(2, keeping: [(1, 0)]))
    let store = try session.store
    // They have no version, and stay.
    #expect(try store.collectGarbage(GarbagePolicy()).encodings == 0)
    // In use, they stay whatever the limit is; then they go, and the version's stay.
    let whole = try store.jointCombinations()[0].byteCount
    let bytes = try store.collectGarbage(GarbagePolicy(), dryRun: true).byteCountLeft
    #expect(try store.collectGarbage(GarbagePolicy(maximumBytes: bytes - whole)).joint == 0)
    #expect(try await answer(try #require(prompt), session).usage.cachedTokens > 0)
    prompt = nil
    // The scheduler lets go of an answer within a step.
    try await expectIdle(session.scheduler)
    let report = try store.collectGarbage(GarbagePolicy(maximumBytes: bytes - whole))
    #expect(report.joint == 3 && report.encodings == 3)
    #expect(try store.jointCombinations() == [])
    #expect(try await answer(try session.conversation(talk(2)), session).usage.cachedTokens == 0)
    #expect(try store.snapshot().versions(model: session.fingerprint, schema: schema.schema.name).count == 1)
    // Kept anew, it is there again.
    #expect(try await answer(try session.conversation(talk(2, keeping: [(1, 0)])), session).usage.cachedTokens > 0)
  }

  @Test func statesOfOthersAreNotTaken() async throws {
    let keeping = try session()
    _ = try keeping.conversation(talk(2, keeping: [(1, 0)]))
    #expect(try await answer(try keeping.conversation(talk(2), as: .q8), keeping).usage.cachedTokens == 0)
    let quantized = try session(model: LoadedModel(at: nil, template: "chatml", weights: .q8))
    #expect(try await answer(try quantized.conversation(talk(2)), quantized).usage.cachedTokens == 0)
    let tenant = try session(StoreOptions(namespace: "another"))
    #expect(try await answer(try tenant.conversation(talk(2)), tenant).usage.cachedTokens == 0)
    #expect(try await answer(try keeping.conversation(talk(2)), keeping).usage.cachedTokens > 0)
  }

  private func session(_ options: StoreOptions) throws -> CacheSession { try session(.writing, options) }

  @Test func aStoreThatCannotBeWrittenIsAnErrorOnlyIfItHasTo() async throws {
    let marked = talk(2, keeping: [(1, 0)])
    let without = CacheSession(model: model, threads: 1)
    #expect(try await answer(try without.conversation(talk(2)), without).usage.cachedTokens == 0)
    #expect { try without.conversation(marked) } throws: { error in
      if case PromptCacheError.noStore = error { true } else { false }
    }
    _ = try session().conversation(talk(2, keeping: [(0, 1)]))
    let reading = try session(.reading)
    #expect(try await answer(try reading.conversation(talk(2)), reading).usage.cachedTokens > 0)
    #expect { try reading.conversation(marked) } throws: { error in
      if case PromptCacheError.store(.readOnly) = error { true } else { false }
    }
    // What is there already need not be written.
    _ = try session().conversation(marked)
    #expect(try await answer(try reading.conversation(marked), reading).usage.cachedTokens > 0)
  }

  /// What is damaged is named and not used, nor what is behind it, and keeping it again mends it.
  @Test func damagedStatesAreComputedAnew() async throws {
    let marked = talk(2, keeping: [(1, 0)])
    let kept = try await answer(try session().conversation(marked), try session()).usage.cachedTokens
    let data = URL(filePath: folder.path("store/data.mdb"))
    var bytes = try Data(contentsOf: data)
    let starts = stride(from: 16, to: bytes.count, by: 4096).filter { bytes[$0..<$0 + 4].elementsEqual("PCKV".utf8) }
    bytes[try #require(starts.last) + 1000] ^= 8
    try bytes.write(to: data)

    let session = try session()
    let damage = try session.store.verify().damage
    #expect(damage.count == 1 && damage[0].remedy == .keepConversationAnew)
    #expect(damage[0].message.hasPrefix("conversation, joint encoding of `"), "\(damage[0].message)")
    let plain = try await answer(try ReadyPrompt(tokens: model.tokens(of: marked), for: model), session)
    let found = try await answer(try session.conversation(talk(2)), session)
    #expect(found.usage.cachedTokens < kept && found.tokens == plain.tokens)
    #expect(try await answer(try session.conversation(marked), session).usage.cachedTokens == kept)
    #expect(try session.store.verify().damage == [])
  }

  /// Turns behind a prompt in PML: the chain of joint encodings goes on up to the end of what is to be kept.
  @Test func turnsBehindAPromptAreKept() async throws {
    let session = try session()
    let schema = try session.warm(SourceFile(path: "s.pml", text: chain), as: .f32)
    func layout(_ turns: Int, kept: Int? = nil) throws -> PlannedPrompt {
      let turns = (0..<turns).map { turn in
        ChatTurn(
          role: turn.isMultiple(of: 2) ? .user : .assistant, text: "Turn \(turn): what does the Dripin cost?",
          isKept: turn == kept)
      }
      let text = #"<prompt schema="chain"><first><second/></first></prompt>"#
      return try model.compile(prompt: SourceFile(path: "p.pml", text: text), of: schema.schema, turns: turns).get()
    }
    func usage(_ prompt: PlannedPrompt, _ joint: JointUse = .use) async throws -> Completion.Usage {
      try await answer(try session.ready(prompt, of: schema, joint: joint), session).usage
    }
    let before = try await usage(try layout(3))
    let first = try layout(3, kept: 2)
    #expect(try await usage(first, .off).cachedTokens == before.cachedTokens)
    let kept = try await usage(first)
    // What is left are the end of the turn and the header of the answer.
    let rest = model.tokenizer.tokens(ofTemplate: model.template.user.suffix).count
    #expect(
      kept.promptTokens - kept.cachedTokens == rest + model.tokenizer.tokens(ofTemplate: model.template.header).count)
    #expect(kept.exactTokens == kept.cachedTokens)
    // Marked or not, and gone on from.
    #expect(try await usage(try layout(3)).cachedTokens == kept.cachedTokens)
    #expect(try await usage(try layout(5)).cachedTokens >= kept.cachedTokens)
    let found = try await answer(try session.ready(try layout(5), of: schema), session)
    try close(found, try await answer(ReadyPrompt(uncached: try layout(5).layout), session), within: 1e-4)
    let combinations = try session.store.jointCombinations()
    #expect(combinations.count == 1 && combinations[0].schema == "chain" && combinations[0].isWhole)
    #expect(combinations[0].tokens == kept.cachedTokens)
    // `make` alone keeps nothing of the last new text.
    let other = try session.ready(try layout(1), of: schema, joint: .make)
    #expect(try await answer(other, session).usage.cachedTokens < kept.cachedTokens)
  }

  @Test func aKeptBeginningAndAMemoryGoTogether() async throws {
    let session = try session()
    let memory = ConversationMemory(byteLimit: 1 << 30)
    let marked = talk(2, keeping: [(0, 1)])
    let prompt = try session.conversation(marked)
    let plain = try await answer(prompt, session)
    let first = try await answer(prompt.remembered(in: memory), session)
    let second = try await answer(try session.conversation(marked).remembered(in: memory), session)
    expectSame(first, plain)
    expectSame(second, plain)
    #expect(second.usage.cachedTokens == second.usage.promptTokens - 1)
    #expect(second.usage.exactTokens == second.usage.promptTokens - 1)
  }
}

extension String {
  /// What is behind the first place of `text`.
  fileprivate func components(behind text: String) -> String {
    firstRange(of: text).map { String(self[$0.upperBound...]) } ?? ""
  }
}

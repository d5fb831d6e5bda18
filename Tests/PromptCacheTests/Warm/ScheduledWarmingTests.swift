import Foundation
@testable import PromptCache
import Synchronization
import TestSupport
import Testing

/// Encodings that a scheduler computes between the steps of answers.
@Suite struct ScheduledWarmingTests {
  private let fixture: Fixture
  /// Modules of several sizes, one of them longer than a pass, so that it is computed in parts.
  private let large: PlannedSchema

  init() throws {
    // An answer goes on however busy its reader is.
    fixture = try Fixture(limits: AnswerLimits(unreadEvents: 10_000))
    let sizes = [3, 700, 40, 150, 66, 600, 9, 420]
    let modules = sizes.enumerated().map { index, words in
      "<module name=\"m\(index)\">\(String(repeating: " word and", count: words / 2)) number \(index).</module>"
    }
    large = try fixture.schema("<schema name=\"large\">All see this.\(modules.joined())</schema>")
  }

  /// What a store has of a schema, blob by blob.
  private func bytes(of schema: PlannedSchema, in session: CacheSession) throws -> [[UInt8]] {
    let snapshot = try session.store.snapshot()
    let layers = session.model.configuration.kvLayers
    return try schema.plan.distinctStored.flatMap { index in
      let key = EncodingKey(
        model: try session.fingerprint, element: .f16, encoding: schema.plan.digest(of: index))
      let layout = KVSegmentLayout(layers, element: .f16, tokens: schema.plan.tokenCount(of: index))
      return try #require(try snapshot.blobs(of: key, expecting: layout)).map { blob in
        unsafe blob.payload.withUnsafeBytes { unsafe Array($0) }
      }
    }
  }

  /// An answer that goes on and on.
  private func talk(_ fixture: Fixture) async throws -> ScheduledAnswer {
    let schema = try fixture.session.warm(fixture.schema(chain), as: .f32)
    let layout = try fixture.layout(chainPrompt("A"), of: schema.schema)
    var options = GenerationOptions(maximumTokens: 7000, sampling: wild)
    options.ignoresEndTokens = true
    return try await fixture.session.scheduler.submit(
      try fixture.session.prepare(layout, of: schema.schema, element: .f32), options: options)
  }

  private func readToken(of answer: ScheduledAnswer) async throws {
    while let event = try await answer.next() { if case .token = event { return } }
    Issue.record("the answer is over")
  }

  @Test(arguments: [EncodingPriority.answer, .background])
  func theStatesAreThoseOfTheCallThatBlocks(priority: EncodingPriority) async throws {
    let expected = try Fixture()
    try expected.warm(large, as: .f16)
    let reports = Mutex<[WarmProgress]>([])
    let warmed = try await fixture.session.warm(large, as: .f16, priority: priority) { progress in
      reports.withLock { $0.append(progress) }
    }
    #expect(warmed.version == 1)
    #expect(try bytes(of: large, in: fixture.session) == bytes(of: large, in: expected.session))
    let done = reports.withLock { $0.map(\.tokensDone) }
    #expect(done.first == 0 && done.last == warmed.report?.tokensComputed && done == done.sorted())
    #expect(reports.withLock { $0.allSatisfy { $0.tokensTotal == warmed.report?.tokensComputed } })
    let again = try await fixture.session.warm(large, as: .f16, priority: priority)
    #expect(again.version == 1 && again.report?.encodings.computed == 0)
  }

  @Test func whatIsMadeReadyIsWhatTheCallThatBlocksFinds() async throws {
    let session = fixture.session
    let source = SourceFile(
      path: "s.pml",
      text: #"<schema name="s">Answer.<module name="a"> One.</module><module name="b"> Two.</module></schema>"#)
    let schema = try await session.warm(session.model.compile(schema: source).get(), as: .f32, priority: .answer)
    let prompt = try session.model.compile(
      prompt: SourceFile(path: "p.pml", text: #"<prompt schema="s"><a/> and<b/> Go:</prompt>"#), of: schema.schema
    ).get()
    try await session.ensureStates(for: prompt, of: schema, joint: .use, priority: .answer)
    for repair in [0, 0.5] {
      let found = try await session.ready(prompt, of: schema, repair: repair, priority: .answer)
      let expected = try session.ready(prompt, of: schema, repair: repair)
      #expect(found.tokens == expected.tokens && found.exactTokens == expected.exactTokens)
    }
    #expect(try session.store.jointCombinations().isEmpty)
    let made = try await session.ready(prompt, of: schema, joint: .make, priority: .answer)
    #expect(try session.store.jointCombinations().count == 1)
    let report = try await session.makeJoint(for: [prompt], of: schema, priority: .background)
    #expect(report.combinations == 1 && report.computed == 0)
    let again = try session.ready(prompt, of: schema, joint: .make)
    #expect(try await fixture.answer(made).tokens == fixture.answer(again).tokens)
  }

  /// What a request waits for goes on beside an answer, in parts that let its tokens by, and both are as they are alone.
  @Test func whatARequestWaitsForTakesTurnsWithAnAnswer() async throws {
    let expected = try Fixture()
    try expected.warm(large, as: .f16)
    // It makes few tokens ahead of its reader, so that those read were made meanwhile.
    let fixture = try Fixture(limits: AnswerLimits(unreadEvents: 2))
    let asked = try Asked(fixture)
    let alone = try await asked.alone()
    let talking = try await talk(fixture)
    for _ in 0..<20 { try await readToken(of: talking) }
    let isDone = Flag()
    let warming = Task { [session = fixture.session, large] in
      defer { isDone.set() }
      return try await session.warm(large, as: .f16, priority: .answer)
    }
    var tokens = 0
    async let others = asked.together([0, 3, 4])
    while !isDone.isSet {
      try await readToken(of: talking)
      tokens += 1
    }
    let found = try await others
    talking.cancel()
    _ = try await warming.value
    // In one piece it would let a token or two by.
    #expect(tokens >= 10)
    for (index, completion) in found { expectSame(completion, alone[index]) }
    #expect(try bytes(of: large, in: fixture.session) == bytes(of: large, in: expected.session))
  }

  /// Nothing of what nobody waits for is computed while an answer has tokens to compute.
  @Test func theBackgroundGivesWay() async throws {
    let session = fixture.session
    let talking = try await talk(fixture)
    try await readToken(of: talking)
    let reports = Mutex<[Int]>([])
    let warming = Task { [large] in
      try await session.warm(large, as: .f16, priority: .background) { progress in
        reports.withLock { $0.append(progress.tokensDone) }
      }
    }
    while reports.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(1)) }
    try await Task.sleep(for: .milliseconds(200))
    let seen = reports.withLock { $0 }
    // It went on until after that.
    #expect(try await session.scheduler.load.running == 1)
    #expect(seen == [0])
    talking.cancel()
    let report = try await warming.value.report
    #expect(reports.withLock { $0.last } == report?.tokensComputed)
  }

  /// A pass that has begun stands still for an answer that comes meanwhile, and goes on behind it.
  @Test func aPassInTheBackgroundStandsStillForAnAnswer() async throws {
    let asked = try Asked(fixture)
    let alone = try await asked.alone()
    let scheduler = try fixture.session.scheduler
    // Longer than any answer takes.
    let encodings = (0..<40).map { start in
      InferenceEngine.Encoding(
        tokens: (0..<512).map { 300 + (start + $0) % 90 }, positions: (0..<512).map { Int32($0) }, context: [])
    }
    let isDone = Flag()
    let computing = Task {
      defer { isDone.set() }
      return try await scheduler.encode(encodings, priority: .background)
    }
    try await Task.sleep(for: .milliseconds(20))
    for index in [0, 1] {
      expectSame(try await asked.generation(index).completion(), alone[index])
      #expect(!isDone.isSet)
    }
    let states = try await computing.value
    let expected = try fixture.engine.encode([encodings[0], encodings[39]])
    #expect(try bytes(states[0]) == bytes(expected[0]))
    #expect(try bytes(states[39]) == bytes(expected[1]))
  }

  private func bytes(_ states: SegmentStates) throws -> [[UInt8]] {
    let segment = try states.segment(element: .f32)
    return (0..<segment.layout.shape.layers).map { layer in
      let count = segment.layout.blobs[layer].byteCount
      var bytes = [UInt8](repeating: 0, count: count)
      var numbers = bytes.mutableSpan
      var span = unsafe numbers.mutableBytes
      segment.copy(layer: layer, into: &span)
      return bytes
    }
  }

  /// Cancelled in the middle, it leaves what the next run goes on from.
  @Test(arguments: [EncodingPriority.answer, .background])
  func theNextRunCompletesWhatWasCancelled(priority: EncodingPriority) async throws {
    let expected = try Fixture()
    try expected.warm(large, as: .f16)
    let session = fixture.session
    let passes = Mutex(0)
    let isHalfWay = AsyncStream<Void>.makeStream()
    let isCancelled = Flag()
    let warming = Task { [large] in
      try await session.warm(large, as: .f16, priority: priority) { _ in
        passes.withLock { $0 += 1 }
        guard passes.withLock({ $0 }) == 2 else { return }
        isHalfWay.continuation.finish()
        while !isCancelled.isSet { sched_yield() }
      }
    }
    for await _ in isHalfWay.stream {}
    warming.cancel()
    isCancelled.set()
    await #expect { _ = try await warming.value } throws: { error in
      if case PromptCacheError.cancelled = error { true } else { false }
    }
    #expect(try session.store.snapshot().versions().isEmpty)
    let warmed = try await session.warm(large, as: .f16, priority: priority)
    #expect(warmed.version == 1)
    #expect(try bytes(of: large, in: session) == bytes(of: large, in: expected.session))
    // Nothing went on behind its back.
    #expect(passes.withLock { $0 } == 2)
  }

  @Test func anEndedTaskComputesNothing() async throws {
    let warming = Task { [session = fixture.session, large] in
      while !Task.isCancelled { await Task.yield() }
      return try await session.warm(large, as: .f16, priority: .background)
    }
    warming.cancel()
    await #expect { _ = try await warming.value } throws: { error in
      if case PromptCacheError.cancelled = error { true } else { false }
    }
  }

  /// What is wrong with one encoding ends the request that it is of.
  @Test func aWrongEncodingFailsAlone() async throws {
    let scheduler = try fixture.session.scheduler
    let right = InferenceEngine.Encoding(tokens: [5, 6, 7], positions: [0, 1, 2], context: [])
    let wrong = InferenceEngine.Encoding(tokens: [5, 1_000_000], positions: [0, 1], context: [])
    async let good = scheduler.encode([right], priority: .answer)
    await #expect { _ = try await scheduler.encode([right, wrong], priority: .answer) } throws: { error in
      if case PromptCacheError.engine(.tokenOutOfRange) = error { true } else { false }
    }
    #expect(try await good.count == 1)
    #expect(try await scheduler.encode([], priority: .answer).isEmpty)
  }

  /// A store that another process is writing to is waited for elsewhere than on the threads that tasks share.
  @Test func waitingForAnotherWriterStopsNoTask() async throws {
    let session = fixture.session
    let talking = try await talk(fixture)
    let isWritten = Flag()
    let isWriting = Flag()
    let writer = try #require(try Optional(session.store))
    let writing = Task.detached {
      await Self.onThread {
        try? writer.write { _ in
          isWriting.set()
          while !isWritten.isSet { sched_yield() }
        }
      }
    }
    while !isWriting.isSet { try await Task.sleep(for: .milliseconds(1)) }
    // More than there are threads to share: each would hold one up.
    let schemas = try (0..<16).map { index in
      try fixture.schema("<schema name=\"s\(index)\"><module name=\"m\">Number \(index).</module></schema>")
    }
    let waiting = schemas.map { schema in
      Task { try await session.warm(schema, as: .f16, priority: .answer).version }
    }
    for _ in 0..<300 { try await readToken(of: talking) }
    isWritten.set()
    await writing.value
    for task in waiting { #expect(try await task.value == 1) }
    talking.cancel()
  }

  private static func onThread(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        body()
        continuation.resume()
      }
    }
  }
}

@testable import PromptCache
import TestSupport
import Testing

/// Joint encodings of what was asked, made while nothing is.
@Suite struct JointBacklogTests {
  private let fixture: Fixture
  private let schema: WarmedSchema

  init() throws {
    fixture = try Fixture()
    let source = SourceFile(
      path: "s.pml",
      text: #"<schema name="s">Answer.<module name="a"> One.</module><module name="b"> Two.</module></schema>"#)
    schema = try fixture.session.warm(source, as: .f32)
  }

  private func prompt(_ word: String) throws -> PlannedPrompt {
    try fixture.model.compile(
      prompt: SourceFile(path: "p.pml", text: #"<prompt schema="s"><a/> \#(word)<b/> Go:</prompt>"#),
      of: schema.schema
    ).get()
  }

  private func isExact(_ prompt: PlannedPrompt) throws -> Bool {
    let ready = try fixture.session.ready(prompt, of: schema)
    return ready.exactTokens == ready.cachedTokens
  }

  /// Runs until `condition` holds, and a little longer.
  private func run(
    _ backlog: JointBacklog, until condition: () throws -> Bool
  ) async throws -> JointBacklogReport {
    let running = Task { await backlog.run() }
    for _ in 0..<4000 where try !condition() { try await Task.sleep(for: .milliseconds(5)) }
    try await Task.sleep(for: .milliseconds(20))
    running.cancel()
    return await running.value
  }

  /// As many as the budget has room for, the most used first.
  @Test(arguments: [1, 2, 3])
  func theMostUsedComesFirst(count: Int) async throws {
    let prompts = try ["and", "or", "but"].map(prompt)
    let uses = [1, 3, 2]
    let bytes = try prompts.map { try fixture.session.forecastJoint(for: [$0], of: schema).bytesWritten }
    // What they have in common was warmed, so each takes as much as without the others.
    #expect(try fixture.session.forecastJoint(for: prompts, of: schema).bytesWritten == bytes.reduce(0, +))
    let fitting = prompts.indices.sorted { uses[$0] > uses[$1] }.prefix(count)
    let backlog = JointBacklog(of: fixture.session, byteBudget: fitting.reduce(0) { $0 + bytes[$1] })
    for (prompt, uses) in zip(prompts, uses) {
      for _ in 0..<uses { backlog.note(prompt, of: schema) }
    }
    #expect(backlog.count == 3)
    #expect(try prompts.map(isExact) == [false, false, false])
    let report = try await run(backlog) { backlog.report.combinations == count }
    #expect(report.combinations == count && report.failure == nil)
    #expect(report.bytesWritten == backlog.byteBudget)
    #expect(try prompts.map(isExact) == prompts.indices.map(fitting.contains))
    #expect(try fixture.store.jointCombinations().count == count)
    // The others are passed over, and nothing is noted of what is whole.
    #expect(backlog.count == 3 - count)
    for prompt in prompts { backlog.note(prompt, of: schema) }
    #expect(backlog.count == 3 - count)
  }

  @Test func itRemembersTheMostUsed() throws {
    let backlog = JointBacklog(of: fixture.session, byteBudget: .max, capacity: 2)
    let prompts = try ["and", "or", "but"].map(prompt)
    for prompt in [prompts[0], prompts[0], prompts[1], prompts[2]] { backlog.note(prompt, of: schema) }
    #expect(backlog.count == 2)
  }

  @Test func nothingIsMadeUnlessItRuns() async throws {
    let prompt = try prompt("and")
    let backlog = JointBacklog(of: fixture.session, byteBudget: .max)
    backlog.note(prompt, of: schema)
    #expect(try await fixture.answer(fixture.session.ready(prompt, of: schema)).tokens.isEmpty == false)
    #expect(try !isExact(prompt) && backlog.report.combinations == 0)
    // What is noted while it runs is made too; it stops when its task is cancelled, and may run again.
    let running = Task { await backlog.run() }
    for _ in 0..<4000 where backlog.count > 0 { try await Task.sleep(for: .milliseconds(5)) }
    let other = try self.prompt("or")
    backlog.note(other, of: schema)
    for _ in 0..<4000 where backlog.count > 0 { try await Task.sleep(for: .milliseconds(5)) }
    running.cancel()
    #expect(await running.value.failure == nil)
    #expect(try isExact(prompt) && isExact(other))
    let last = try self.prompt("but")
    backlog.note(last, of: schema)
    #expect(try await run(backlog) { backlog.count == 0 }.combinations == 3)
  }

  /// A store that cannot be written to ends it, with a report.
  @Test func whatWouldFailAgainEndsIt() async throws {
    let prompt = try prompt("and")
    let reader = try CacheSession(model: fixture.model, storeAt: try fixture.store.path, access: .reading, threads: 1)
    let backlog = JointBacklog(of: reader, byteBudget: .max)
    backlog.note(prompt, of: schema)
    let report = await backlog.run()
    guard case .store(.readOnly)? = report.failure else {
      Issue.record("\(String(describing: report.failure))")
      return
    }
    #expect(report.combinations == 0)
    #expect(try await reader.generate(from: prompt, of: schema).completion().usage.cachedTokens > 0)
  }

  /// So does one that is full.
  @Test func aFullStoreEndsIt() async throws {
    let blobs = try fixture.store.statistics().namespaces.reduce(0) { $0 + $1.byteCount }
    let session = try CacheSession(
      model: fixture.model, storeAt: try fixture.store.path, options: StoreOptions(maximumNamespaceBytes: blobs),
      threads: 1)
    let backlog = JointBacklog(of: session, byteBudget: .max)
    backlog.note(try prompt("and"), of: schema)
    let report = await backlog.run()
    guard case .store(.namespaceFull)? = report.failure else {
      Issue.record("\(String(describing: report.failure))")
      return
    }
    #expect(report.combinations == 0)
  }
}

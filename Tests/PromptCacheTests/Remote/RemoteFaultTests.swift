import Foundation
import ObjectStorage
@testable import PromptCache
import TestSupport
import Testing

/// What is wrong with a remote store is never an error of an answer.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteFaultTests {
  enum Fault: CaseIterable, Sendable {
    case torn, longer, flipped, swapped, otherModel, empty, missing, header
  }

  /// Objects that are not what they should be are computed, and named in a warning. Nothing wrong is ever kept.
  @Test(arguments: Fault.allCases) func objects(_ fault: Fault) async throws {
    let first = try Machine()
    try first.warm()
    let expected = try await first.answer()
    let names = try first.states()
    let originals = try names.map { try #require(try first.objects.bytes(of: $0, atMost: 1 << 30)) }
    for (index, name) in names.enumerated() {
      var bytes = originals[index]
      switch fault {
      case .torn: bytes.removeLast(bytes.count / 3)
      case .longer: bytes += [0]
      case .flipped: bytes[bytes.count - 1000] ^= 4
      case .swapped: bytes = originals[(index + 1) % originals.count]
      case .otherModel: bytes[16] ^= 1
      case .empty: bytes = []
      case .missing: try first.objects.remove(name)
      case .header: bytes[index * 13 % 96] ^= 0x55
      }
      if fault != .missing { try first.objects.put(ObjectBody(bytes), as: name) }
    }
    let second = try Machine(first.prefix)
    expectSame(expected, try await second.answer())
    #expect(second.remote.usage.fetched == 0)
    #expect(!second.warnings.isEmpty)
    let wasNamed = second.warnings.allSatisfy { warning in
      switch warning {
      case .missing(let object): fault == .missing && names.contains(object)
      case .unusable(let object, _): fault != .missing && names.contains(object)
      default: false
      }
    }
    #expect(wasNamed, "\(second.warnings)")
    #expect(try second.store.verify().isSound)
    // Warming mends what is there.
    try second.warm()
    let third = try Machine(first.prefix)
    expectSame(expected, try await third.answer())
    if fault != .missing { #expect(third.remote.usage.unusable <= names.count) }
  }

  /// A server may keep an object without content of whoever is killed while putting it. One whose store has the states puts
  /// them over it before a version names them.
  @Test func tornByAnother() throws {
    let first = try Machine()
    try first.warm()
    let names = try first.states()
    // The next version needs all of these, and nothing is read of them: their states are here.
    for name in names { try first.objects.put(ObjectBody([]), as: name) }
    for name in try first.versions() { try first.objects.remove(name) }
    let next = try Machine(first.prefix, in: first.folder)
    #expect(try next.warm().remote?.version == 1)
    #expect(try next.objects.list("").filter { names.contains($0.name) && $0.byteCount == 0 }.isEmpty)
    for name in names { try first.objects.put(ObjectBody([]), as: name) }
    #expect(try next.remote.list(namespace: "default").map(\.missing) == [names.count])
    for name in try first.versions() { try first.objects.remove(name) }
    #expect(try next.remote.push(of: next.store).encodings == names.count)
    #expect(try next.remote.list(namespace: "default").map(\.missing) == [0])
  }

  /// The same of a version: those before it are still found, its number is not used, and a collection removes it.
  @Test func tornVersion() async throws {
    let first = try Machine()
    try first.warm()
    let name = try #require(try first.versions().first)
    let torn = name.dropLast() + "2"
    try first.objects.put(ObjectBody([]), as: String(torn))
    let second = try Machine(first.prefix)
    expectSame(try await first.answer(), try await second.answer())
    #expect(second.warnings.isEmpty && second.remote.usage.fetched > 0)
    let third = try Machine(first.prefix)
    let store = try StateStore(at: FilePath(third.folder.path("store")))
    #expect(try third.remote.pull(into: store).versions.map(\.number) == [1])
    #expect(try first.remote.push(of: first.store).presentVersions == 1)
    let edited = Machine.trip.replacing("149", with: "150")
    #expect(try third.warm(edited).remote?.version == 3)
    expectSame(try await third.answer(), try await second.answer())
    _ = try first.remote.collectGarbage(namespace: "default", olderThan: 0)
    #expect(try first.versions().map { $0.suffix(1) } == ["1", "2", "3"])
  }

  @Test func damagedVersion() async throws {
    let first = try Machine()
    try first.warm()
    let name = try #require(try first.versions().first)
    var bytes = try #require(try first.objects.bytes(of: name, atMost: 1 << 30))
    bytes[bytes.count / 2] ^= 1
    try first.objects.put(ObjectBody(bytes), as: name)
    let second = try Machine(first.prefix)
    #expect(throws: PromptCacheError.self) { try second.session.schema(named: "trip") }
    #expect(second.warnings.count == 1)
    // Its schema can be warmed all the same: the next number is taken.
    let report = try second.warm()
    #expect(report.encodings.computed == 0 && report.remote?.version == 2)
  }

  /// The first request tries it as often as it may; from then on answers come as without a remote store, which is looked for
  /// beside them.
  @Test func unreachable() async throws {
    let first = try Machine()
    try first.warm()
    let expected = try await first.answer()
    let relay = try FaultyRelay(to: ObjectServer.shared.port)
    relay.mode = .refusing
    let machine = try Machine(first.prefix, port: relay.port, patience: .brief, in: first.folder)
    let start = ContinuousClock.now
    expectSame(expected, try await machine.answer())
    let attempts = machine.remote.objects.options.attempts
    var looks: Int { Int((ContinuousClock.now - start) / RemoteStore.outagePause) }
    #expect((attempts...attempts * (1 + looks)).contains(relay.refusedCount))
    #expect(machine.remote.usage.outages == 1 && !machine.remote.isReachable)
    #expect(machine.warnings.count == 1)
    for _ in 0..<3 { expectSame(expected, try await machine.answer()) }
    #expect(relay.refusedCount <= attempts * (1 + looks))
    // Warming goes on without it, too, and says that nobody else sees it.
    let report = try machine.warm(Machine.trip.replacingOccurrences(of: "820", with: "830"))
    #expect(report.encodings.computed == 1 && report.version == 2 && report.remote?.version == nil)
    // Once it is there again it is used again.
    relay.mode = .passing
    for _ in 0..<200 where !machine.remote.isReachable {
      _ = try? await machine.answer()
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(machine.remote.isReachable)
    #expect(try machine.warm(Machine.trip.replacingOccurrences(of: "820", with: "830")).remote?.version == 2)
    #expect(!machine.warnings.contains { if case .refused = $0 { true } else { false } }, "\(machine.warnings)")
  }

  /// Shut off in the middle of a fetch: what did not come is computed, and nothing half-written is seen.
  @Test(arguments: [0, 200, 5_000, 60_000, 250_000]) func goneInTheMiddle(_ byteCount: Int) async throws {
    let first = try Machine()
    try first.warm()
    let expected = try await first.answer()
    let relay = try FaultyRelay(to: ObjectServer.shared.port)
    let second = try Machine(first.prefix, port: relay.port, patience: .brief)
    let schema = try second.session.schema(named: "trip")
    relay.mode = .cutting(after: byteCount)
    let answer = try await second.session.generate(
      from: SourceFile(path: "prompt.pml", text: Machine.question), of: schema,
      options: GenerationOptions(maximumTokens: 8, logProbabilities: 5)
    ).completion()
    expectSame(expected, answer)
    #expect(try second.store.verify().isSound)
  }

  /// Keys that may only read: what is there is used, and nothing is published.
  @Test func readOnly() async throws {
    let first = try Machine()
    try first.warm()
    let reader = try Machine(first.prefix, keys: ObjectServer.reader)
    expectSame(try await first.answer(), try await reader.answer())
    #expect(reader.remote.usage.fetched == 4 && reader.warnings.isEmpty)
    let report = try reader.warm(Machine.trip.replacingOccurrences(of: "820", with: "830"))
    #expect(report.encodings.computed == 1 && report.version == 2 && report.remote?.version == nil)
    #expect(try first.versions().count == 1)
    let said = reader.warnings.contains { if case .notPublished("trip", _) = $0 { true } else { false } }
    #expect(said)
  }

  @Test func wrongKeys() async throws {
    let first = try Machine()
    try first.warm()
    let stranger = try Machine(
      first.prefix, keys: ObjectServer.Keys(access: ObjectServer.writer.access, secret: "wrong"), in: first.folder)
    expectSame(try await first.answer(), try await stranger.answer())
    #expect(stranger.remote.usage.fetched == 0 && !stranger.warnings.isEmpty)
    let report = try stranger.warm(Machine.trip.replacingOccurrences(of: "820", with: "830"))
    #expect(report.version == 2 && report.remote?.version == nil)
    for warning in stranger.warnings { #expect(!warning.message.contains("wrong")) }
  }

  /// Two machines warm one schema at once.
  @Test func together() async throws {
    let prefix = UUID().uuidString.lowercased()
    let machines = [try Machine(prefix), try Machine(prefix)]
    let reports = try await withThrowingTaskGroup(of: WarmReport.self) { group in
      for machine in machines { group.addTask { try machine.warm() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(reports.allSatisfy { $0.remote?.version == 1 && $0.version == 1 })
    #expect(try machines[0].versions().count == 1 && machines[0].states().count == 6)
    expectSame(try await machines[0].answer(), try await machines[1].answer())
  }
}

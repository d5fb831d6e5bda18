import Foundation
import ObjectStorage
import TestSupport
import Testing

@testable import PromptCache

/// Joint encodings on several machines.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteJointTests {
  private static let joint = """
    <prompt schema="trip"><worbi/><labs/><dripin/>Question: How much does the Dripin cost?
    Answer:</prompt>
    """

  private func names(_ machine: Machine) throws -> [String] {
    try machine.objects.list("").map(\.name).filter { $0.contains("/joint/") }
  }

  private func make(_ text: String, on machine: Machine) throws -> JointReport {
    let schema = try machine.session.schema(named: "trip")
    let prompt = try machine.session.model.compile(
      prompt: SourceFile(path: "prompt.pml", text: text), of: schema.schema
    ).get()
    return try machine.session.makeJoint(for: [prompt], of: schema)
  }

  /// Whoever gives up in the middle lets go of what is still being put: that comes to its end, and nothing stays claimed.
  @Test func letGoOfWhilePutting() throws {
    let machine = try Machine()
    try machine.warm()
    let part = try #require(RemotePart(of: machine.remote, namespace: "default"))
    let keys = try #require(try machine.store.snapshot().versions().first).encodingKeys
    let version = try #require(try machine.versions().first)
    let namespace = try #require(version.split(separator: "/").first)
    for key in keys { try machine.objects.remove(part.names.states(key)) }
    for key in keys {
      let sharing = JointSharing(part, try machine.store)
      #expect(sharing.claim([key]) == [key])
      sharing.add([key])
    }
    for _ in 0..<1000 where try !machine.objects.list("\(namespace)/claims/").isEmpty { usleep(10_000) }
    #expect(try machine.objects.list("\(namespace)/claims/").isEmpty)
    #expect(try machine.states().count == keys.count && machine.warnings.isEmpty)
  }

  /// A second machine answers from those that the first one made, bit for bit, and computes and keeps none anew.
  @Test func secondMachine() async throws {
    let first = try Machine()
    try first.warm(as: .f32)
    let made = try make(Self.joint, on: first)
    #expect(made.computed > 0 && made.fetched == 0)
    #expect(try names(first).count == made.computed)
    let expected = try await first.answer(Self.joint)
    #expect(expected.usage.exactTokens == expected.usage.cachedTokens)

    let second = try Machine(first.prefix)
    expectSame(expected, try await second.answer(Self.joint))
    #expect(second.warnings.isEmpty)
    // Of the modules' own states only those came that stand at the front of the chain as they are.
    #expect(second.remote.usage.fetched == made.computed + made.reused)
    let combinations = try second.store.jointCombinations()
    #expect(combinations.count == 1 && combinations.allSatisfy { $0.isWhole && $0.schema == "trip" })
    // Nothing is asked for twice.
    let fetched = second.remote.usage.fetched
    expectSame(expected, try await second.answer(Self.joint))
    #expect(second.remote.usage.fetched == fetched && second.remote.usage.put == 0)

    // Making them anywhere else fetches them.
    let third = try Machine(first.prefix)
    let again = try make(Self.joint, on: third)
    #expect(again.computed == 0 && again.fetched == made.computed + made.reused)
    #expect(try third.store.verify().isSound)
  }

  /// A prompt whose chain nobody has made is answered as ever, and looked for once.
  @Test func noneThere() async throws {
    let first = try Machine()
    try first.warm()
    let expected = try await first.answer(Self.joint)
    let second = try Machine(first.prefix)
    expectSame(expected, try await second.answer(Self.joint))
    let missing = second.remote.usage.missing
    #expect(missing == 1 && second.warnings.isEmpty)
    expectSame(expected, try await second.answer(Self.joint))
    #expect(second.remote.usage.missing == missing)
  }

  /// Of a chain that is there in part, or damaged, the front is used.
  @Test(arguments: [true, false]) func notAllThere(_ isDamaged: Bool) async throws {
    let first = try Machine()
    try first.warm(as: .f32)
    let made = try make(Self.joint, on: first)
    let expected = try await first.answer(Self.joint)
    for name in try names(first).dropFirst() {
      if isDamaged {
        var bytes = try #require(try first.objects.bytes(of: name, atMost: 1 << 30))
        bytes[bytes.count - 100] ^= 1
        try first.objects.put(ObjectBody(bytes), as: name)
      } else {
        try first.objects.remove(name)
      }
    }
    let second = try Machine(first.prefix)
    let found = try await second.answer(Self.joint)
    #expect(found.usage.exactTokens < expected.usage.exactTokens)
    #expect(second.warnings.isEmpty != isDamaged)
    // Making them again mends what is there.
    #expect(try make(Self.joint, on: second).computed > 0)
    let third = try Machine(first.prefix)
    expectSame(expected, try await third.answer(Self.joint))
    #expect(try third.warnings.isEmpty && names(first).count == made.computed)
  }

  /// Answers that make some by the way keep them to themselves; keys that may only read are no trouble.
  @Test func whoPuts() async throws {
    let first = try Machine()
    try first.warm()
    let schema = try first.session.schema(named: "trip")
    let prompt = try first.session.model.compile(
      prompt: SourceFile(path: "prompt.pml", text: Self.joint), of: schema.schema
    ).get()
    _ = try first.session.ready(prompt, of: schema, joint: .make)
    #expect(try names(first).isEmpty)
    let reader = try Machine(first.prefix, keys: ObjectServer.reader)
    #expect(try make(Self.joint, on: reader).computed > 0)
    let said = reader.warnings.contains { if case .notShared = $0 { true } else { false } }
    #expect(try said && names(first).isEmpty)
    // What was made before is put when it is asked for.
    #expect(try make(Self.joint, on: first).computed == 0)
    #expect(try !names(first).isEmpty)
  }

  /// They move with the versions of their schema, and go by their age alone.
  @Test func pushAndCollect() async throws {
    let apart = try Machine()
    try apart.warm(as: .f32)
    let made = try make(Self.joint, on: apart)
    let expected = try await apart.answer(Self.joint)
    let other = try Machine()
    let forecast = try other.remote.push(of: apart.store, dryRun: true)
    let pushed = try other.remote.push(of: apart.store)
    #expect(pushed == forecast && pushed.joint == made.computed && pushed.encodings == 6 + made.computed)
    #expect(try other.remote.push(of: apart.store).encodings == 0)
    expectSame(expected, try await other.answer(Self.joint))

    let young = try other.remote.collectGarbage(namespace: "default", olderThan: 0, jointOlderThan: 3600)
    #expect(young.encodings == 0 && young.encodingsLeft == 6 + made.computed)
    let old = try other.remote.collectGarbage(namespace: "default", olderThan: 0, jointOlderThan: 0)
    #expect(old.joint == made.computed && old.encodings == made.computed && old.encodingsLeft == 6)
    let late = try Machine(other.prefix)
    let found = try await late.answer(Self.joint)
    #expect(found.usage.exactTokens < expected.usage.exactTokens && late.warnings.isEmpty)
  }

  /// What warming and making would do, told before.
  @Test func forecast() throws {
    let first = try Machine()
    try first.warm(as: .f32)
    let made = try make(Self.joint, on: first)
    let second = try Machine(first.prefix)
    let edited = Machine.trip.replacingOccurrences(of: "149", with: "151")
    let schema = try second.schema(edited)
    let report = try second.session.forecast(schema, as: .f32, askingRemote: true)
    #expect(report.encodings.fetched == 5 && report.encodings.computed == 1 && report.encodings.reused == 0)
    #expect(try #require(report.bytesFetched) > 0)
    #expect(try second.session.forecast(schema, as: .f32).encodings.computed == 6)
    let same = try second.schema()
    let prompt = try second.session.model.compile(
      prompt: SourceFile(path: "prompt.pml", text: Self.joint), of: same
    ).get()
    let joint = try second.session.forecastJoint(
      for: [prompt], of: second.session.schema(same, as: .f32), askingRemote: true)
    #expect(joint.computed == 0 && joint.fetched == made.computed)
    let done = try #require(try second.session.warm(schema, as: .f32).report)
    #expect(done.encodings.fetched == 5 && done.encodings.computed == 1 && done.bytesFetched == report.bytesFetched)
    #expect(done.tokensComputed == report.tokensComputed)
  }
}

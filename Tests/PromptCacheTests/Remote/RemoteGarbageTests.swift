import Foundation
import ObjectStorage
import PromptCache
import TestSupport
import Testing

@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteGarbageTests {
  private static let edited = Machine.trip.replacingOccurrences(of: "149", with: "151")

  @Test func freesWhatNoVersionNames() async throws {
    let machine = try Machine()
    try machine.warm()
    try machine.warm(Self.edited)
    #expect(try machine.states().count == 7 && machine.versions().count == 2)
    let forecast = try machine.remote.collectGarbage(namespace: "default", keep: 1, olderThan: 0, dryRun: true)
    #expect(forecast.versions.map(\.number) == [1] && forecast.encodings == 1 && forecast.encodingsLeft == 6)
    #expect(try machine.states().count == 7)
    // Nothing younger than that is touched, but the version.
    let young = try machine.remote.collectGarbage(namespace: "default", keep: 1, olderThan: 3600)
    #expect(young.encodings == 0 && young.young == 1)
    #expect(try machine.states().count == 7 && machine.versions().count == 1)
    let freed = try machine.remote.collectGarbage(namespace: "default", keep: 1, olderThan: 0)
    #expect(freed.encodings == 1 && freed.byteCount > 0)
    #expect(try machine.states().count == 6)
    #expect(try machine.objects.list("").count == 7)
    let other = try Machine(machine.prefix)
    expectSame(try await machine.answer(), try await other.answer())
    #expect(other.warnings.isEmpty)
  }

  /// Somebody publishes between the steps of a collection a version of what the collection is about to free.
  @Test(arguments: [RemoteStore.CollectionStep.marked, .listed, .removing])
  func publishedMeanwhile(_ moment: RemoteStore.CollectionStep) async throws {
    let machine = try Machine()
    try machine.warm()
    // All of the first version is garbage now, and another machine has it all.
    let name = try #require(try machine.versions().first)
    let namespace = try #require(name.split(separator: "/").first)
    try machine.objects.remove(name)
    let other = try Machine(machine.prefix)
    let pusher = try Machine(machine.prefix, in: machine.folder)
    let names = try machine.store.snapshot().versions().map(\.name)
    let publishing = Publishing()
    let report = try machine.remote.collectGarbage(namespace: "default", keep: nil, olderThan: 0, dryRun: false) {
      step in
      guard step == moment else { return }
      publishing.begin { _ = try pusher.remote.push(names, of: pusher.store) }
      // Until it has said that it is at work.
      for _ in 0..<1000 where (try? machine.objects.list("\(namespace)/writers/").isEmpty) != false { usleep(20_000) }
    }
    try await publishing.end()
    #expect(try other.remote.list(namespace: "default").map(\.missing) == [0])
    // Whoever is seen at work is spared what no version names; whoever comes later waits, and puts it there anew.
    #expect(report.encodings == (moment == .marked ? 0 : 6) && report.spared == (moment == .marked ? 6 : 0))
    expectSame(try await machine.answer(), try await other.answer())
    #expect(other.warnings.isEmpty && other.remote.usage.fetched == 4)
  }

  /// Somebody has begun to publish before a collection begins.
  @Test func publishingGoesOn() throws {
    let machine = try Machine()
    try machine.warm()
    let version = try #require(try machine.versions().first)
    let namespace = try #require(version.split(separator: "/").first)
    try machine.objects.remove(version)
    try machine.objects.put(ObjectBody([]), as: "\(namespace)/writers/1")
    let report = try machine.remote.collectGarbage(namespace: "default", olderThan: 0)
    #expect(report.encodings == 0 && report.spared == 6)
    #expect(try machine.states().count == 6)
    try machine.objects.remove("\(namespace)/writers/1")
    #expect(try machine.remote.collectGarbage(namespace: "default", olderThan: 0).encodings == 6)
  }

  /// Marks of somebody who is dead go, wherever they lie, and hold nothing up.
  @Test func whatTheDeadLeft() throws {
    let machine = try Machine()
    try machine.warm()
    let version = try #require(try machine.versions().first)
    let namespace = try #require(version.split(separator: "/").first)
    try machine.objects.remove(version)
    let state = try #require(try machine.states().first)
    let claim = state.replacing("/states/", with: "/claims/")
    let marks = ["\(namespace)/writers/1", claim, "turns/\(claim)/a1-30", "turns/\(version)/b2-30"]
    for mark in marks { try machine.objects.put(ObjectBody([]), as: mark) }
    func collect(_ lifetime: Int) throws -> RemoteGarbageReport {
      try machine.remote.collectGarbage(
        namespace: "default", keep: nil, olderThan: 0, dryRun: false, marksLast: lifetime
      ) { _ in }
    }
    let spared = try collect(3600)
    #expect(spared.encodings == 0 && spared.spared == 6)
    #expect(try Set(machine.objects.list("").map(\.name)).isSuperset(of: marks))
    #expect(try collect(0).encodings == 6)
    #expect(try machine.objects.list("").isEmpty)
  }

  @Test func oneAtATime() throws {
    let machine = try Machine()
    try machine.warm()
    var inner: (any Error)?
    _ = try machine.remote.collectGarbage(namespace: "default", keep: nil, olderThan: 0, dryRun: false) { step in
      guard step == .listed else { return }
      do { _ = try machine.remote.collectGarbage(namespace: "default", olderThan: 0) } catch { inner = error }
    }
    guard case .collectionUnderWay? = inner as? PromptCacheError else {
      Issue.record("two collections at once: \(String(describing: inner))")
      return
    }
    #expect(try machine.states().count == 6)
  }

  /// What an unreadable version names nobody knows, so nothing goes.
  @Test func unreadableVersion() throws {
    let machine = try Machine()
    try machine.warm()
    let name = try #require(try machine.versions().first)
    try machine.objects.put(ObjectBody([1, 2, 3]), as: name)
    #expect(throws: PromptCacheError.self) {
      try machine.remote.collectGarbage(namespace: "default", olderThan: 0)
    }
    #expect(try machine.states().count == 6)
  }

  /// Something that goes on beside a collection.
  private final class Publishing: @unchecked Sendable {
    // Set once, before `end` is called on the same thread.
    private var task: Task<Void, any Error>?

    func begin(_ body: @escaping @Sendable () throws -> Void) {
      task = Task.detached {
        try await withCheckedThrowingContinuation { continuation in
          Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
      }
    }

    func end() async throws { try await task?.value }
  }
}

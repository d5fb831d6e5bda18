import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import ObjectStorage

/// The client against a server that is not ours.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct ObjectStoreTests {
  private let server: ObjectServer

  init() throws { server = try .shared }

  private func store(
    _ keys: ObjectServer.Keys = ObjectServer.writer, port: Int? = nil, prefix: String = UUID().uuidString.lowercased(),
    _ change: (inout ObjectStore.Options) -> Void = { _ in }
  ) throws -> ObjectStore {
    var options = ObjectStore.Options()
    // The machine may be busy with other tests.
    options.connectTime = .seconds(60)
    options.stallTime = .seconds(60)
    options.attempts = 6
    options.firstPause = .milliseconds(20)
    change(&options)
    let environment = server.environment(keys, port: port)
    return try ObjectStore(
      ObjectLocation("s3://\(ObjectServer.bucket)/\(prefix)"), ClientConfiguration { environment[$0] }, options: options
    )
  }

  private func random(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) } }

  @Test(arguments: [0, 1, 17, 65_536, 5_000_001])
  func roundTrip(_ count: Int) throws {
    let store = try store()
    let bytes = random(count)
    try store.put(ObjectBody(bytes), as: "a/b")
    #expect(try store.bytes(of: "a/b", atMost: count) == bytes)
    #expect(try store.status(of: "a/b")?.byteCount == count)
    #expect(abs((try store.status(of: "a/b")?.time ?? 0) - store.serverTime) < 60)
    if count > 0 { #expect(throws: ObjectStorageError.self) { try store.bytes(of: "a/b", atMost: count - 1) } }
    try store.remove("a/b")
    #expect(try store.bytes(of: "a/b", atMost: count) == nil)
    #expect(try store.status(of: "a/b") == nil)
    try store.remove("a/b")
  }

  @Test(arguments: ["with space", "plus+and&amp", "per%20cent", "東京/ünï", "a'b(c)*!", "semi;colon=@:,$"])
  func names(_ name: String) throws {
    let store = try store()
    try store.put(ObjectBody([1, 2, 3]), as: name)
    #expect(try store.bytes(of: name, atMost: 3) == [1, 2, 3])
    #expect(try store.list("").map(\.name) == [name])
  }

  /// A connection that one thread gives back is used by the next one at once.
  @Test func manyThreadsShareConnections() throws {
    let store = try store { $0.attempts = 1 }
    try store.put(ObjectBody(random(10)), as: "there")
    let problems = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for round in 0..<200 {
        do throws(ObjectStorageError) {
          let isRight =
            switch (thread + round) % 4 {
            case 0: try store.status(of: "there")?.byteCount == 10
            case 1: try store.status(of: "\(thread)-\(round)") == nil
            case 2: try store.bytes(of: "there", atMost: 10)?.count == 10
            default: try store.put(ObjectBody([UInt8(thread)]), as: "\(thread)")
            }
          if !isRight { problems.withLock { $0.append("\(thread), \(round)") } }
        } catch {
          problems.withLock { $0.append("\(error)") }
        }
      }
    }
    #expect(problems.withLock { $0 }.isEmpty)
  }

  /// By the server's conditions where it knows some, and without.
  @Test(arguments: [true, false]) func onlyIfAbsent(_ knowsConditions: Bool) throws {
    let store = try store()
    store.knowsConditions.withLock { $0 = knowsConditions }
    for isNamedByContent in [false, true] {
      let name = "one-\(isNamedByContent)"
      #expect(try store.put(ObjectBody([1]), as: name, ifAbsent: true, isNamedByContent: isNamedByContent))
      #expect(try !store.put(ObjectBody([2]), as: name, ifAbsent: true, isNamedByContent: isNamedByContent))
      #expect(try store.bytes(of: name, atMost: 1) == [1])
      #expect(try store.put(ObjectBody([3]), as: name))
      #expect(try store.bytes(of: name, atMost: 1) == [3])
    }
    #expect(try store.list("").count == 2)
  }

  /// Of many who put the same object at once, one does.
  @Test(arguments: [true, false]) func oneWins(_ knowsConditions: Bool) async throws {
    let stores = try (0..<8).map { _ in try store(prefix: "race-\(knowsConditions)-\(getpid())") }
    for store in stores { store.knowsConditions.withLock { $0 = knowsConditions } }
    for round in 0..<(knowsConditions ? 1 : 4) {
      let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
        for number in UInt8(0)..<8 {
          group.addTask {
            try await onThread {
              let isFirst = try stores[Int(number)].put(ObjectBody([number]), as: "race-\(round)", ifAbsent: true)
              return isFirst ? number : nil
            }
          }
        }
        return try await group.reduce(into: [UInt8]()) { $0 += $1.map { [$0] } ?? [] }
      }
      #expect(try winners.count == 1 && stores[0].bytes(of: "race-\(round)", atMost: 1) == winners)
    }
    #expect(try stores[0].list("").count == (knowsConditions ? 1 : 4))
  }

  /// Where the server knows no conditions: a mark of somebody who is alive is waited for, and one of the dead is not.
  @Test func turns() async throws {
    let prefix = UUID().uuidString.lowercased()
    let (store, other) = (try store(prefix: prefix), try self.store(prefix: prefix))
    store.knowsConditions.withLock { $0 = false }
    // It holds for no time at all, and comes before all others.
    try other.put(ObjectBody([]), as: "turns/one/0-0")
    try other.put(ObjectBody([]), as: "turns/two/0-600")
    usleep(2_100_000)
    #expect(try store.put(ObjectBody([1]), as: "one", ifAbsent: true))
    async let isFirst = onThread { try store.put(ObjectBody([2]), as: "two", ifAbsent: true) }
    usleep(500_000)
    #expect(try other.status(of: "two") == nil)
    try other.put(ObjectBody([3]), as: "two")
    try other.remove("turns/two/0-600")
    #expect(try await !isFirst)
    #expect(try store.bytes(of: "two", atMost: 1) == [3])
  }

  /// What blocks its thread must not take one that tasks share.
  private func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }

  @Test func listing() throws {
    let store = try store()
    let names = (0..<25).map { "v/" + String(format: "%04d", $0) }
    for name in names { try store.put(ObjectBody(Array(name.utf8)), as: name) }
    try store.put(ObjectBody([]), as: "w")
    #expect(try store.list("v/").map(\.name) == names)
    #expect(try store.list("v/").allSatisfy { $0.byteCount == 6 && abs($0.time - store.serverTime) < 60 })
    #expect(try store.list("v/", after: "v/0019").map(\.name) == Array(names[20...]))
    #expect(try store.list("v/", atMost: 3).map(\.name) == Array(names[..<3]))
    #expect(try store.list("").count == 26)
    #expect(try store.list("x").isEmpty)
  }

  @Test func keysAreChecked() throws {
    try store(prefix: "keys").put(ObjectBody([7]), as: "here")
    #expect(try store(ObjectServer.reader, prefix: "keys").bytes(of: "here", atMost: 1) == [7])
    let strangers = [
      ObjectServer.Keys(access: ObjectServer.writer.access, secret: "wrong"),
      ObjectServer.Keys(access: "nobody", secret: "wrong"), ObjectServer.Keys(access: "states:nobody", secret: "wrong"),
    ]
    for keys in strangers {
      let store = try store(keys, prefix: "keys")
      for attempt: () throws -> Void in [
        { _ = try store.bytes(of: "here", atMost: 1) }, { try store.put(ObjectBody([1]), as: "here") },
        { try store.remove("here") }, { _ = try store.list("") }, { _ = try store.status(of: "here") },
      ] {
        do {
          try attempt()
          Issue.record("wrong keys are taken")
        } catch ObjectStorageError.denied {
        }
      }
    }
    let reader = try store(ObjectServer.reader, prefix: "keys")
    #expect(throws: ObjectStorageError.self) { try reader.put(ObjectBody([1]), as: "here") }
    #expect(throws: ObjectStorageError.self) { try reader.remove("here") }
    #expect(try store(prefix: "keys").bytes(of: "here", atMost: 1) == [7])
  }

  @Test func noBucket() throws {
    let environment = server.environment()
    let store = try ObjectStore(ObjectLocation("s3://nothing-here"), ClientConfiguration { environment[$0] })
    #expect(throws: ObjectStorageError.noBucket("nothing-here")) { try store.list("") }
  }

  /// The clock of this machine is wrong: the server refuses, and says its own.
  @Test func clocksThatDiffer() throws {
    let store = try store()
    store.clockOffset.withLock { $0 = 3600 }
    try store.put(ObjectBody([1]), as: "late")
    #expect(try store.bytes(of: "late", atMost: 1) == [1])
    #expect(abs(store.serverTime - Int(Date().timeIntervalSince1970)) < 60)
    // Servers round times up.
    #expect(store.age(of: store.serverTime + 1) == 0 && store.age(of: store.serverTime - 100) >= 100)
  }

  // MARK: - Faults

  @Test func nobodyThere() throws {
    let relay = try FaultyRelay(to: server.port)
    relay.mode = .refusing
    let store = try store(port: relay.port)
    do {
      _ = try store.list("")
      Issue.record("it cannot have answered")
    } catch ObjectStorageError.unreachable {
    }
    #expect(relay.refusedCount == store.options.attempts)
    relay.mode = .passing
    #expect(try store.list("").isEmpty)
  }

  @Test func silence() throws {
    let relay = try FaultyRelay(to: server.port)
    relay.mode = .silent
    let store = try store(port: relay.port) { options in
      options.attempts = 2
      options.stallTime = .milliseconds(800)
    }
    #expect(throws: ObjectStorageError.self) { try store.list("") }
    #expect(relay.connectionCount == 2)
    relay.mode = .passing
  }

  /// A connection that is lost in the middle is taken up where it was.
  @Test func cutConnections() throws {
    let bytes = random(1_000_000)
    let prefix = UUID().uuidString.lowercased()
    try store(prefix: prefix).put(ObjectBody(bytes), as: "large")
    let relay = try FaultyRelay(to: server.port)
    relay.mode = .cutting(after: 300_000)
    #expect(try store(port: relay.port, prefix: prefix).bytes(of: "large", atMost: bytes.count) == bytes)
    #expect(relay.connectionCount >= 4)
    relay.mode = .cutting(after: 500)
    #expect(throws: ObjectStorageError.self) {
      try store(port: relay.port, prefix: prefix).bytes(of: "large", atMost: bytes.count)
    }
  }

  /// What has come is read in small pieces without a wait for more, which does not come.
  @Test func smallPieces() throws {
    let bytes = random(60_000)
    let prefix = UUID().uuidString.lowercased()
    try store(prefix: prefix).put(ObjectBody(bytes), as: "small")
    let relay = try FaultyRelay(to: server.port)
    let store = try store(port: relay.port, prefix: prefix) { options in
      options.attempts = 1
      options.stallTime = .milliseconds(50)
    }
    // Until it answers in time; then all of it lies in the connection.
    var reader: ObjectReader?
    for _ in 0..<100 where reader == nil { reader = try? store.object("small") }
    usleep(500_000)
    relay.mode = .silent
    var found: [UInt8] = []
    while found.count < bytes.count {
      var part = [UInt8](repeating: 0, count: 1000)
      var span = part.mutableSpan
      var raw = unsafe span.mutableBytes
      let count = try #require(try reader?.read(into: &raw))
      found += part[..<count]
    }
    #expect(found == bytes)
    relay.mode = .passing
  }

  @Test func changedMeanwhile() throws {
    let prefix = UUID().uuidString.lowercased()
    let direct = try store(prefix: prefix)
    try direct.put(ObjectBody(random(1_000_000)), as: "large")
    let relay = try FaultyRelay(to: server.port)
    relay.mode = .cutting(after: 300_000)
    let reader = try #require(try store(port: relay.port, prefix: prefix).object("large"))
    try direct.put(ObjectBody(random(1_000_000).reversed()), as: "large")
    var bytes = [UInt8](repeating: 0, count: 1_000_000)
    #expect(throws: ObjectStorageError.changed(key: "large")) {
      var span = bytes.mutableSpan
      var raw = unsafe span.mutableBytes
      _ = try reader.read(into: &raw)
    }
  }

  /// A gigabyte takes no more memory than a little.
  @Test func memory() throws {
    let store = try store()
    let count = 300 << 20
    let body = ObjectBody(byteCount: count) { _, span in
      unsafe span.withUnsafeMutableBytes { unsafe _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
    }
    try store.put(body, as: "large")
    let before = try peakMemory()
    let reader = try #require(try store.object("large"))
    var part = [UInt8](repeating: 0, count: 1 << 20)
    var total = 0
    while true {
      var span = part.mutableSpan
      var raw = unsafe span.mutableBytes
      let read = try reader.read(into: &raw)
      total += read
      if read < part.count { break }
    }
    #expect(total == count)
    #expect(try peakMemory() - before < 64 << 20)
  }

  private func peakMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/))
    return (Int(line.output.1) ?? 0) << 10
  }
}

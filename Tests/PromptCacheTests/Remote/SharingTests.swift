import Foundation
import PromptCache
import TestSupport
import Testing

/// Several machines with one remote store.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct SharingTests {
  /// A second machine answers from what the first one warmed, bit for bit, computes nothing, and fetches what it uses.
  @Test(arguments: [KVElement.f16, .q8, .f32]) func secondMachine(_ element: KVElement) async throws {
    let first = try Machine()
    let report = try first.warm(as: element)
    #expect(report.encodings.computed == 6 && report.remote?.version == 1 && report.version == 1)
    let expected = try await first.answer()
    let second = try Machine(first.prefix)
    let found = try await second.answer()
    expectSame(expected, found)
    #expect(found.usage.cachedTokens == expected.usage.cachedTokens)
    #expect(second.remote.usage.fetched == 4)
    #expect(try second.missing() == 2)
    #expect(second.warnings.isEmpty && first.warnings.isEmpty)
    // The rest comes with a prompt that uses it; what is there does not come again.
    let rest = try await second.answer(
      "<prompt schema=\"trip\"><labs/><worbi/><dripin/><other/>Question: Who?</prompt>")
    #expect(rest.usage.cachedTokens > found.usage.cachedTokens)
    #expect(try second.remote.usage.fetched == 6 && second.missing() == 0)
  }

  @Test func warmingFetches() throws {
    let first = try Machine()
    try first.warm()
    let second = try Machine(first.prefix)
    let report = try second.warm()
    #expect(report.encodings.fetched == 6 && report.encodings.computed == 0 && report.encodings.reused == 0)
    #expect(
      report.tokensComputed == 0 && report.bytesWritten == 0 && report.version == 1 && report.remote?.version == 1)
    #expect(try first.versions().count == 1)
    // An edit computes what changed and publishes a second version.
    let edited = Machine.trip.replacingOccurrences(of: "149", with: "151")
    let next = try second.warm(edited)
    #expect(
      next.encodings.computed == 1 && next.version == 2 && next.remote?.version == 2, "\(next) \(second.warnings)")
  }

  /// A version that another machine publishes is seen within five seconds.
  @Test func newVersions() async throws {
    let first = try Machine()
    try first.warm()
    let second = try Machine(first.prefix)
    #expect(try second.session.newestVersionNumber(of: "trip") == 1)
    try first.warm(Machine.trip.replacingOccurrences(of: "820", with: "821"))
    // By then a look that was made before is not good any more, however slow the rest is.
    try await Task.sleep(for: .seconds(2.5))
    #expect(try second.session.newestVersionNumber(of: "trip") == 2)
    #expect(try await second.answer().text.contains("821"))
  }

  /// Who loses the race for a number takes the next one.
  @Test func numbers() async throws {
    let machines = try (0..<4).map { _ in try Machine("numbers-\(ProcessInfo.processInfo.processIdentifier)") }
    let numbers = try await withThrowingTaskGroup(of: Int?.self) { group in
      for (index, machine) in machines.enumerated() {
        group.addTask {
          try machine.warm(Machine.trip.replacingOccurrences(of: "820", with: "82\(index)")).remote?.version
        }
      }
      return try await group.reduce(into: [Int?]()) { $0.append($1) }
    }
    #expect(Set(numbers) == [1, 2, 3, 4])
    // The same content has one version, whoever publishes it.
    let late = try Machine(machines[0].prefix)
    #expect(try late.session.newestVersionNumber(of: "trip") == 4)
    #expect(try machines[0].versions().count == 4)
  }

  @Test func tenantsAreApart() async throws {
    let first = try Machine()
    try first.warm()
    let other = try Machine(first.prefix, options: StoreOptions(namespace: "other"))
    #expect(throws: PromptCacheError.self) { try other.session.schema(named: "trip") }
    #expect(try other.warm().encodings.fetched == 0)
  }

  /// Push and pull, without a model.
  @Test func pushAndPull() throws {
    let apart = try Fixture()
    try apart.warm(apart.schema(Machine.trip), as: .f16)
    let machine = try Machine()
    let forecast = try machine.remote.push(of: apart.store, dryRun: true)
    #expect(forecast.encodings == 6 && forecast.versions.count == 1 && forecast.byteCount > 0)
    #expect(try machine.objects.list("").isEmpty)
    let pushed = try machine.remote.push(of: apart.store)
    #expect(pushed == forecast)
    #expect(try machine.remote.push(of: apart.store).presentVersions == 1)
    let listed = try machine.remote.list(namespace: "default")
    #expect(listed.map(\.missing) == [0] && listed.map(\.encodings) == [6] && listed[0].byteCount == pushed.byteCount)

    let folder = try TemporaryFolder()
    let store = try StateStore(at: FilePath(folder.path("store")))
    let expected = try machine.remote.pull(into: store, dryRun: true)
    #expect(expected.byteCount == pushed.byteCount && expected.encodings == 6)
    let pulled = try machine.remote.pull(into: store)
    #expect(pulled.versions == pushed.versions && pulled.encodings == 6)
    #expect(try store.verify().isSound)
    #expect(try machine.remote.pull(into: store).presentVersions == 1)
    #expect(try store.list().map(\.missing) == [0])
  }

  /// Layers with a sliding window keep fewer tokens than others; an encoding of several commits is seen when it is whole.
  @Test func largeEncodings() throws {
    let first = try Machine()
    let words = (0..<900).map { "word\($0)" }.joined(separator: " ")
    try first.warm("<schema name=\"long\"><module name=\"m\">\(words)</module></schema>", as: .f32)
    let second = try Machine(first.prefix)
    let report = try second.warm("<schema name=\"long\"><module name=\"m\">\(words)</module></schema>", as: .f32)
    #expect(report.encodings.computed == 0 && (report.encodings.fetched ?? 0) > 0)
    #expect(try second.store.verify().isSound)
  }

  /// `tools/store/read_remote.py` knows docs/store-format.md and nothing of the sources.
  @Test func readByDescription() throws {
    let machine = try Machine()
    try machine.warm()
    try machine.warm(Machine.trip.replacingOccurrences(of: "820", with: "821"), as: .q8)
    let documents = #"<module name="a">One.</module><module name="b">Two.</module>"#
    try machine.warm(#"<schema name="l">All.<library name="docs" window="100">\#(documents)</library></schema>"#)
    let copy = try TemporaryFolder()
    for object in try machine.objects.list("") {
      try copy.write(Data(try #require(try machine.objects.bytes(of: object.name, atMost: 1 << 30))), to: object.name)
    }
    let found = try read(copy)
    #expect(found.status == 0 && found.text.contains("\"versions\": 3, \"encodings\": 15"), "\(found.text)")
    // Each encoding that a version names is looked for, those of libraries' documents too.
    for name in copy.files() where name.contains("/states/") {
      let bytes = try #require(FileManager.default.contents(atPath: copy.path(name)))
      try FileManager.default.removeItem(atPath: copy.path(name))
      let found = try read(copy)
      #expect(found.status == 1 && found.text.contains("is not there"), "\(name)")
      try copy.write(bytes, to: name)
    }
    // Every byte is checked.
    for name in copy.files() {
      var bytes = [UInt8](try #require(FileManager.default.contents(atPath: copy.path(name))))
      let place = bytes.count * 2 / 3
      bytes[place] ^= 1
      try copy.write(Data(bytes), to: name)
      #expect(try read(copy).status == 1, "\(name)")
      bytes[place] ^= 1
      try copy.write(Data(bytes), to: name)
    }
  }

  private func read(_ folder: TemporaryFolder) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../tools/store/read_remote.py")
        .standardizedFileURL.path(percentEncoded: false), folder.path(""),
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}

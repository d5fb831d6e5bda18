import Foundation
import TestSupport
import Testing

/// `--weights q8`: weights in another format, kept beside the store, and states of their own.
@Suite struct WeightFormatTests {
  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try Documents.folder()
    store = ["PMLC_STORE": folder.path("store")]
  }

  private func pmlc(_ arguments: String...) async throws -> PMLC.Result {
    try await PMLC.run(arguments, environment: store, in: folder)
  }

  private func warm(_ options: String...) async throws -> WarmResult {
    try WarmResult(try await PMLC.run(["warm", "schema.pml", "--json"] + options, environment: store, in: folder))
  }

  private func answer(_ options: String...) async throws -> RunResult {
    try RunResult(
      try await PMLC.run(
        ["run", "prompt.pml", "--max-tokens", "3", "--logprobs", "2"] + options, environment: store, in: folder))
  }

  /// The one prepared file.
  private func prepared() throws -> URL {
    let names = folder.files(in: "store/prepared")
    #expect(names.count == 1)
    return folder.url.appending(path: "store/prepared").appending(path: try #require(names.first))
  }

  /// Which file it is, and when it was written.
  private func identity(_ file: URL) throws -> [Int] {
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path(percentEncoded: false))
    let date = try #require(attributes[.modificationDate] as? Date)
    return [try #require(attributes[.systemFileNumber] as? Int), Int(date.timeIntervalSince1970 * 1e6)]
  }

  @Test func statesOfOneAreNotThoseOfTheOther() async throws {
    let stored = try await warm()
    let refused = try await pmlc("run", "prompt.pml", "--weights", "q8")
    #expect(refused.status == 2)
    #expect(refused.standardError.contains("q8 weights") && refused.standardError.contains("warm --weights q8"))
    #expect(folder.files(in: "store/prepared").isEmpty)

    let quantized = try await warm("--weights", "q8")
    #expect(quantized.encodings == stored.encodings && quantized.version == 1 && quantized.hash == stored.hash)
    #expect(try await warm("--weights", "q8").encodings.computed == 0)
    #expect(try await warm().encodings.computed == 0)

    let (one, other) = (try await answer(), try await answer("--weights", "q8"))
    #expect(one.usage == other.usage && one.usage.cached_tokens > 0)
    #expect(one.logprobs?.first?.logprob != other.logprobs?.first?.logprob)
    let list = try await pmlc("store", "ls")
    #expect(list.standardOutput.matches(of: /\bs  +1\b/).count == 2)
    for arguments in [["pin", "s"], ["pin", "s@1", "--weights", "q8"], ["unpin", "s", "--weights", "q8"]] {
      let run = try await PMLC.run(["store"] + arguments, environment: store, in: folder)
      #expect(run.status == 0, "\(run.standardError)")
    }
  }

  @Test func theFileIsMadeOnce() async throws {
    _ = try await warm("--weights", "q8")
    let file = try prepared()
    let made = try identity(file)
    let first = try await answer("--weights", "q8")
    let second = try await answer("--weights", "q8", "--schema", "schema.pml", "--threads", "1")
    #expect(first.logprobs?.map(\.logprob) == second.logprobs?.map(\.logprob))
    _ = try await answer("--weights", "q8", "--no-cache")
    #expect(try identity(file) == made)
    #expect(try await pmlc("store", "stat").standardOutput.contains(/prepared weights, indexes +1, 3\.\d MB/))
  }

  @Test func aDamagedFileIsMadeAnew() async throws {
    _ = try await warm("--weights", "q8")
    let expected = try await answer("--weights", "q8").logprobs?.map(\.logprob)
    let file = try prepared()
    let whole = try Data(contentsOf: file)
    var flipped = whole
    flipped[100] ^= 1
    let version = try #require(String(decoding: whole.prefix(200), as: UTF8.self).range(of: "q8 1"))
    let offset = String(decoding: whole.prefix(200), as: UTF8.self)[..<version.upperBound].utf8.count
    var other = whole
    other[offset - 1] = UInt8(ascii: "0")
    for damaged in [whole.prefix(whole.count / 2), flipped, other, whole + [0], Data()] {
      try Data(damaged).write(to: file)
      #expect(try await answer("--weights", "q8").logprobs?.map(\.logprob) == expected)
      #expect(try Data(contentsOf: file) == whole)
    }
  }

  @Test func manyProcessesMakeOne() async throws {
    // All of them find no store, and no weights.
    for round in 0..<8 {
      let store = ["PMLC_STORE": folder.path("store-\(round)")]
      let running = try (0..<4).map { _ in
        try PMLC.start(["warm", "schema.pml", "--weights", "q8"], environment: store, in: folder)
      }
      for process in running {
        let result = try await process.finish()
        #expect(result.status == 0, "\(result.standardError)")
      }
      let files = folder.files(in: "store-\(round)/prepared")
      #expect(files.count == 1 && files.first?.hasSuffix(".safetensors") == true)
    }
  }

  @Test func garbageCollectionFreesIt() async throws {
    _ = try await warm("--weights", "q8")
    let file = try prepared()
    #expect(try await pmlc("store", "gc").status == 0)
    #expect(try prepared() == file)
    let dry = try await pmlc("store", "gc", "--keep", "0", "--dry-run")
    #expect(dry.standardOutput.contains("1 prepared weights"))
    #expect(try await pmlc("store", "gc", "--keep", "0").standardOutput.contains("1 prepared weights"))
    #expect(folder.files(in: "store/prepared").isEmpty)
  }

  @Test func whereItCannotBeKeptAWarningSaysSo() async throws {
    _ = try await warm("--weights", "q8")
    let expected = try await answer("--weights", "q8").logprobs?.map(\.logprob)
    let file = try prepared()
    try FileManager.default.removeItem(at: file)
    // A folder in the file's place, where it would be made.
    try FileManager.default.createDirectory(
      at: file.appendingPathExtension("new"), withIntermediateDirectories: false)
    let run = try await pmlc("run", "prompt.pml", "--weights", "q8", "--max-tokens", "3", "--logprobs", "2")
    #expect(run.standardError.contains("pmlc: warning: cannot write") && run.standardError.contains("in memory"))
    #expect(try RunResult(run).logprobs?.map(\.logprob) == expected)
  }

  @Test func withoutAStoreNoneIsMade() async throws {
    let answer = try await answer("--weights", "q8", "--no-cache", "--schema", "schema.pml")
    #expect(answer.usage.cached_tokens == 0)
    #expect(folder.files(in: "store").isEmpty)
  }
}

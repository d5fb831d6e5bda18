import ContentHash
import Engine
import FileSystem
import Foundation
import Testing

@Suite struct WeightFormatTests {
  private func golden() throws -> GoldenCase {
    try #require(GoldenCase.all.first { $0.name == "llama, bf16, sharded, derived head" })
  }

  private func logits(_ engine: InferenceEngine, tokens: [Int32] = [5, 9, 11, 3, 30]) throws -> [[Float]] {
    let logits = try engine.forward(
      tokens: tokens, positions: tokens.indices.map { Int32($0) }, sequence: SequenceState(), logits: .all)
    return (0..<logits.rows).map { logits.row($0) }
  }

  /// A weight, rounded as the format says: to multiples of the largest magnitude of its group / 127.
  private func rounded(_ numbers: [Float], columns: Int) -> [Float] {
    var result = numbers
    for row in stride(from: 0, to: numbers.count, by: columns) {
      for start in stride(from: row, to: row + columns, by: 64) {
        let group = start..<min(start + 64, row + columns)
        let scale = (numbers[group].map { abs($0) }.max() ?? 0) / 127
        for index in group { result[index] = (numbers[index] / scale).rounded(.toNearestOrEven) * scale }
      }
    }
    return result
  }

  @Test func singleTokensSeeRoundedWeightsAndNothingElse() throws {
    var tiny = TinyModel()
    tiny.config["tie_word_embeddings"] = "false"
    tiny.tensors.append(("lm_head.weight", "F32", [10, 8]))
    let exact = try tiny.directory()
    tiny.change = { name, numbers, shape in
      name.hasPrefix("model.embed") || shape.count == 1 ? numbers : rounded(numbers, columns: shape[1])
    }
    let already = try tiny.directory()
    let quantized = try InferenceEngine(files: try exact.folder(), threads: 1, weights: .q8)
    let reference = try already.engine(threads: 1)
    let (found, expected) = (try logits(quantized, tokens: [4]), try logits(reference, tokens: [4]))
    for (one, other) in zip(found[0], expected[0]) { #expect(abs(one - other) < 1e-4) }
    #expect(found[0] != (try logits(try exact.engine(), tokens: [4])[0]))
  }

  @Test func severalTokensComeClose() throws {
    let model = try golden().model()
    let quantized = try logits(try InferenceEngine(files: try model.folder(), threads: 2, weights: .q8))
    let exact = try logits(try model.engine())
    for (found, expected) in zip(quantized, exact) {
      let (found, expected) = (LogProbabilities(found.span), LogProbabilities(expected.span))
      let divergence = (0..<Int32(64)).reduce(0) { $0 + exp(expected[$1]) * (expected[$1] - found[$1]) }
      #expect(divergence > 0 && divergence < 2e-2)
    }
  }

  @Test func theFileIsMadeOnceAndGivesTheSameBits() throws {
    let model = try golden().model()
    let folder = try ModelDirectory()
    let repacked = RepackedWeights(
      folder: FilePath(folder.path), model: SHA256Digest(of: "a model"), source: try model.folder())
    func open() throws -> (logits: [[Float]], steps: [Int]) {
      var steps: [Int] = []
      let engine = try InferenceEngine(
        files: try model.folder(), threads: 2, weights: .q8, repacked: repacked,
        progress: { done, _ in steps.append(done) })
      return (try logits(engine), steps)
    }
    let inMemory = try logits(try InferenceEngine(files: try model.folder(), threads: 1, weights: .q8))
    let first = try open()
    #expect(first.logits == inMemory)
    #expect(first.steps == Array(1...22))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names == ["\(SHA256Digest(of: "a model")).safetensors"])
    let second = try open()
    #expect(second.logits == inMemory && second.steps.isEmpty)

    // A file that is not what it should be is made anew.
    let path = folder.path + "/" + names[0]
    let whole = try Data(contentsOf: URL(filePath: path))
    for damaged in [whole.prefix(100), whole.prefix(whole.count - 1), whole + [0], [9] + whole.dropFirst(), Data()] {
      try Data(damaged).write(to: URL(filePath: path))
      let mended = try open()
      #expect(mended.logits == inMemory && mended.steps.count == 22)
      #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    }
  }

  @Test func whoComesMeanwhileWaitsAndMakesNothing() async throws {
    let model = try golden().model()
    let folder = try ModelDirectory()
    let repacked = RepackedWeights(
      folder: FilePath(folder.path), model: SHA256Digest(of: "a model"), source: try model.folder())
    // What a killed process left is no obstacle.
    try folder.write("\(SHA256Digest(of: "a model")).safetensors.new", "half of a file")
    let engines = try await withThrowingTaskGroup(of: (logits: [[Float]], steps: Int).self) { group in
      for _ in 0..<4 {
        group.addTask {
          var steps = 0
          let engine = try InferenceEngine(
            files: try model.folder(), threads: 1, weights: .q8, repacked: repacked, progress: { _, _ in steps += 1 })
          return (try logits(engine), steps)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(engines.map(\.steps).sorted() == [0, 0, 0, 22])
    #expect(Set(engines.map(\.logits)).count == 1)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path)
        == ["\(SHA256Digest(of: "a model")).safetensors"])
  }

  @Test func whatIsInUseIsLocked() throws {
    let model = try golden().model()
    let folder = try ModelDirectory()
    let repacked = RepackedWeights(
      folder: FilePath(folder.path), model: SHA256Digest(of: "a model"), source: try model.folder())
    func isLocked() throws -> Bool {
      let descriptor = unsafe open("\(folder.path)/\(SHA256Digest(of: "a model")).safetensors", O_RDONLY)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }
    for _ in 0..<2 {
      let engine = try InferenceEngine(files: try model.folder(), threads: 1, weights: .q8, repacked: repacked)
      #expect(try isLocked())
      withExtendedLifetime(engine) {}
    }
    #expect(try !isLocked())
  }

  @Test func whereNothingCanBeKeptTheErrorSaysSo() throws {
    let model = try golden().model()
    let nowhere = RepackedWeights(
      folder: FilePath(model.path + "/nowhere"), model: SHA256Digest(of: ""), source: try model.folder())
    let error = #expect(throws: EngineError.self) {
      try InferenceEngine(files: try model.folder(), weights: .q8, repacked: nowhere)
    }
    guard case .unwritableFile(let path, "there is no such file")? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path.hasPrefix(nowhere.folder.description))
  }

  @Test(arguments: [Float.nan, .infinity])
  func weightsThatAreNoNumbersAreFoundAtOnce(strange: Float) throws {
    var tiny = TinyModel()
    tiny.change = { name, numbers, _ in name.contains("up_proj") ? [strange] + numbers.dropFirst() : numbers }
    let model = try tiny.directory()
    let error = EngineError.weightNotFinite(tensor: "model.layers.0.mlp.up_proj", format: .q8)
    #expect(throws: error) { try InferenceEngine(files: try model.folder(), weights: .q8) }
    let folder = try ModelDirectory()
    let kept = RepackedWeights(
      folder: FilePath(folder.path), model: SHA256Digest(of: "a model"), source: try model.folder())
    #expect(throws: error) { try InferenceEngine(files: try model.folder(), weights: .q8, repacked: kept) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func shortenedWeightsAreAnErrorBeforeAPass() throws {
    let model = try TinyModel().directory()
    let engine = try model.engine()
    _ = try logits(engine, tokens: [4])
    let file = model.url.appending(path: "model.safetensors")
    let handle = try FileHandle(forWritingTo: file)
    let whole = try handle.seekToEnd()
    for length in [whole - 1, 0] {
      try handle.truncate(atOffset: length)
      #expect(throws: EngineError.weightsShortened(path: file.resolvingSymlinksInPath().path)) {
        try logits(engine, tokens: [4])
      }
    }
  }

  @Test func theFormatBelongsToTheFingerprint() {
    let model = SHA256Digest(of: "a model")
    #expect(WeightFormat.stored.fingerprint(of: model) == model)
    #expect(WeightFormat.q8.fingerprint(of: model) != model)
  }
}

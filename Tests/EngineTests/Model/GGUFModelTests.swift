import CKernels
import ContentHash
import Engine
import FileSystem
import Foundation
import KVCacheFormat
import Testing

/// Models in GGUF files give what the folders give that they were made from (`tools/gguf/make_models.py`).
@Suite struct GGUFModelTests {
  private static let folder = fixtures.appending(path: "gguf")

  /// Cases by the file that has their model.
  private static let cases: [(file: String, case: GoldenCase)] = {
    let files = [
      "llama, plain": "llama-f32", "llama, far positions": "llama-f32", "llama, segments": "llama-f32",
      "llama, isolated segments": "llama-f32", "llama, llama3 in rope_scaling": "llama-llama3",
      "llama, bf16, sharded, derived head": "llama-sharded-bf16",
      "llama, bf16, sharded, segments": "llama-sharded-bf16",
      "qwen2, plain": "qwen2-bf16", "qwen2, segments": "qwen2-bf16", "falcon, multi-query": "falcon-f16",
      "falcon, multi-query, segments": "falcon-f16", "falcon, new decoder": "falcon-new-bf16",
      "falcon, new decoder, segments": "falcon-new-bf16", "falcon, new decoder, one norm": "falcon-one-norm-bf16",
      "mpt, plain": "mpt-f16", "mpt, six heads": "mpt-six-bf16",
      "qwen3, plain": "qwen3-bf16", "qwen3, segments": "qwen3-bf16", "smollm3, plain": "smollm3-bf16",
      "smollm3, segments": "smollm3-bf16", "granite, plain": "granite-bf16", "granite, segments": "granite-bf16",
      "granite, biases, segments": "granite-biased-f16", "phi3, window": "phi3-bf16",
      "phi3, window, segments": "phi3-bf16", "phi3, longrope, short": "phi3-longrope",
      "phi3, longrope, long": "phi3-longrope", "gemma2, plain": "gemma2-bf16", "gemma2, segments": "gemma2-bf16",
      "gemma3, plain": "gemma3-bf16", "gemma3, segments": "gemma3-bf16",
      "gemma3, scaled, segments": "gemma3-scaled",
    ]
    return GoldenCase.all.compactMap { golden in files[golden.name].map { ($0, golden) } }
  }()

  private static func path(_ name: String) -> FilePath { FilePath(folder.appending(path: "\(name).gguf").path) }

  private func error(_ body: () throws(EngineError) -> Void) -> EngineError? {
    do throws(EngineError) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  @Test func thereAreCases() { #expect(Self.cases.count == 32) }

  @Test(arguments: cases)
  func agreesWithTheReference(file: String, golden: GoldenCase) throws {
    let model = try GGUFModel(at: Self.path(file))
    try InferenceEngine.check(model)
    let engine = try InferenceEngine(files: model)
    let sequence = SequenceState(
      attending: try golden.encodeSegments(engine, element: .f32), isExtended: golden.isExtended(engine))
    let logits = try engine.forward(
      tokens: golden.tokens, positions: golden.positions, sequence: sequence, logits: .all)
    for (row, expected) in zip(golden.rows, golden.logprobs) {
      let found = LogProbabilities(logits[row])
      for (token, value) in expected.enumerated() { #expect(abs(found[Int32(token)] - value) < 1e-4) }
    }
  }

  /// Weights of eight bits are made of matrices that a GGUF file holds as they are, and of no others.
  @Test func weightsOfEightBits() throws {
    let model = try GGUFModel(at: Self.path("llama-f32"))
    let exact = try InferenceEngine(files: model)
    let rounded = try InferenceEngine(files: model, weights: .q8)
    func scores(_ engine: InferenceEngine) throws -> [Float] {
      let logits = try engine.forward(
        tokens: [1, 5, 9], positions: [0, 1, 2], sequence: SequenceState(), logits: .last)
      return (0..<Int32(64)).map { LogProbabilities(logits[0])[$0] }
    }
    let (one, other) = (try scores(exact), try scores(rounded))
    #expect(one != other)
    #expect(zip(one, other).allSatisfy { abs($0 - $1) < 0.3 })
  }

  /// Blocks are laid out for this CPU once, where there is a place for that, and give the same bits.
  @Test func blocksInPanels() throws {
    let model = try GGUFModel(at: Self.path("llama-blocks"))
    try #require(InferenceEngine.repacks(model, weights: .stored) == (ck_turned_rows(ck_q4_0) > 0))
    let folder = try ModelDirectory()
    let place = RepackedWeights(folder: FilePath(folder.path), model: SHA256Digest(of: "a model"), source: model)
    var steps: [Int] = []
    func open(_ place: RepackedWeights?, _ format: WeightFormat = .stored) throws -> InferenceEngine {
      steps = []
      return try InferenceEngine(
        files: model, threads: 2, weights: format, repacked: place, progress: { done, _ in steps.append(done) })
    }
    func bits(_ engine: InferenceEngine) throws -> [[Float]] {
      let sequence = SequenceState()
      // Many tokens, then one, then some.
      let passes: [Range<Int32>] = [0..<70, 70..<71, 71..<76]
      return try passes.flatMap { tokens in
        let logits = try engine.forward(
          tokens: Array(tokens), positions: Array(tokens), sequence: sequence, logits: .all)
        return (0..<logits.rows).map { logits.row($0) }
      }
    }
    let expected = try bits(open(nil))
    #expect(steps.isEmpty)
    #expect(try bits(open(place)) == expected)
    guard ck_turned_rows(ck_q4_0) > 0 else { return }
    // All but V and up, whose types have no such form.
    #expect(steps == Array(1...11))
    let name = "\(SHA256Digest(of: "a model")).turned.safetensors"
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    #expect(try bits(open(place)) == expected && steps.isEmpty)
    #expect(try bits(open(place, .q8)) == expected)
    // A file that is not what it should be is made anew.
    let path = URL(filePath: folder.path + "/" + name)
    let whole = try Data(contentsOf: path)
    for damaged in [whole.prefix(100), whole + [0], [9] + whole.dropFirst(), Data()] {
      try Data(damaged).write(to: path)
      #expect(try bits(open(place)) == expected && steps.count == 11)
      #expect(try Data(contentsOf: path) == whole)
    }
  }

  @Test func statesOfFileAndFolderAreNotTakenForEachOther() throws {
    let golden = try #require(GoldenCase.all.first { $0.name == "llama, plain" })
    let model = try GGUFModel(at: Self.path("llama-f32"))
    let file = try ModelFingerprint.compute(files: model)
    let directory = try golden.model()
    try directory.write("tokenizer.json", "{}")
    #expect(file != (try ModelFingerprint.compute(files: try directory.folder())))
    #expect(file == (try ModelFingerprint.compute(files: try GGUFModel(at: Self.path("llama-f32")))))
    #expect(file != (try ModelFingerprint.compute(files: try GGUFModel(at: Self.path("llama-llama3")))))
  }

  @Test func whatIsNoModelIsNamed() throws {
    let directory = try ModelDirectory()
    try directory.write("text.gguf", "GGUF, or so it says")
    let bytes = try Data(contentsOf: Self.folder.appending(path: "llama-f32.gguf"))
    try bytes.prefix(2_000).write(to: directory.url.appending(path: "cut.gguf"))
    var other = bytes
    let name = try #require(other.firstRange(of: Data("general.architecture".utf8)))
    let value = name.upperBound + 4 + 8
    other.replaceSubrange(value..<value + 5, with: Data("bloom".utf8))
    try other.write(to: directory.url.appending(path: "bloom.gguf"))
    func failure(_ name: String) -> EngineError? {
      error { () throws(EngineError) in
        let model = try GGUFModel(at: FilePath(directory.url.appending(path: name).path))
        try InferenceEngine.check(model)
      }
    }
    for name in ["text.gguf", "cut.gguf"] {
      guard case .malformedGGUF? = failure(name) else {
        Issue.record("\(name): \(String(describing: failure(name)))")
        continue
      }
    }
    guard case .unsupportedArchitecture(["bloom"], let supported)? = failure("bloom.gguf") else {
      Issue.record("\(String(describing: failure("bloom.gguf")))")
      return
    }
    #expect(supported.contains("llama"))
  }
}

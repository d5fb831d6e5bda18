import ContentHash
import Engine
import FileSystem
import Foundation
import KVCacheFormat

/// The engine with one model, and the cases that are measured.
struct Bench {
  private let engine: InferenceEngine
  private let states: CachedStates

  /// Tokens of one pass of a warming.
  private static let passTokens = 1024

  init(model: String, weights: WeightFormat, threads: Int, scratch: String) throws {
    let path = FilePath(model)
    let files: any ModelFiles = GGUFModel.isOne(at: path) ? try GGUFModel(at: path) : try ModelFolder(at: path)
    let fingerprint = weights.fingerprint(of: try Self.fingerprint(of: path, files))
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    engine = try InferenceEngine(
      files: files, threads: threads, weights: weights,
      repacked: RepackedWeights(folder: FilePath(scratch), model: fingerprint, source: files))
    states = try CachedStates(in: "\(scratch)/states", engine: engine, model: fingerprint)
  }

  /// A folder is known by its configuration, a GGUF file by its name and size: hashing gigabytes of weights would count as
  /// memory of the engine's.
  private static func fingerprint(of path: FilePath, _ files: any ModelFiles) throws -> SHA256Digest {
    var hasher = SHA256Hasher()
    if let gguf = files.gguf {
      for name in gguf.names { hasher.update("\(name) \(try gguf.requiredFile(name).count)") }
    } else {
      hasher.update(try String(contentsOfFile: "\(path)/config.json", encoding: .utf8))
    }
    return hasher.finalize()
  }

  var threads: Int { engine.threads }

  private func tokens(_ count: Int, seed: Int = 0) -> [Int32] {
    (0..<count).map { Int32(3 + ($0 * 7919 + seed * 104_729) % (engine.configuration.vocabularySize - 3)) }
  }

  private func likeliest(_ logits: Logits) -> Int32 {
    var sampler = Sampler(SamplingOptions())
    return sampler.pick(from: logits[0])
  }

  /// From the request to the first token: the states' addresses, the pass, the choice.
  func firstToken(cached: Int, new: Int, moved: Bool = false) throws -> Measurement {
    try states.prepare(cached, tokens: tokens(1024))
    let tokens = tokens(new)
    let positions = tokens.indices.map { Int32(cached + $0) }
    var first: Int32 = 0
    let measured = try Measurement.of {
      let sequence = SequenceState(attending: try states.attended(cached, moved: moved))
      first = likeliest(
        try engine.forward(tokens: tokens, positions: positions, sequence: sequence, logits: .last))
    }
    return measured.with("tokens", new).with("state_bytes", states.byteCount(cached)).with("first", Int(first))
  }

  /// `count` tokens of each of several sequences, which share what is cached, a step for one token of each.
  func decode(cached: Int, count: Int, sequences: Int) throws -> Measurement {
    try states.prepare(cached, tokens: tokens(1024))
    let attended = try states.attended(cached)
    return try decode(Array(repeating: attended, count: sequences), cached: cached, count: count)
  }

  /// The same, where half of the segments are common to all, in other orders, and the others each one's own.
  func decodeMixed(cached: Int, count: Int, sequences: Int) throws -> Measurement {
    try states.prepare(cached * (sequences + 1), tokens: tokens(1024))
    let all = try states.attended(cached * (sequences + 1))
    let each = all.count / (sequences + 1)
    let attended = (0..<sequences).map { sequence in
      var place = 0
      return (0..<each).map { number in
        // Each begins with another one, and every second is its own.
        let index = (number + 2 * sequence) % each
        let seen = all[index % 2 == 0 ? index : (sequence + 1) * each + index]
        defer { place += seen.count }
        return AttendedSegment(seen.segment, place: place, encodedAt: index * seen.count)
      }
    }
    return try decode(attended, cached: cached, count: count)
  }

  private func decode(_ attended: [[AttendedSegment]], cached: Int, count: Int) throws -> Measurement {
    let sequences = attended.count
    let running = attended.map { SequenceState(attending: $0) }
    var next = tokens(sequences, seed: 1)
    var position = Int32(cached)
    func step() throws {
      let inputs = running.indices.map {
        InferenceEngine.Input(sequence: running[$0], tokens: [next[$0]], positions: [position], logits: .last)
      }
      next = try engine.forward(inputs).map(likeliest)
      position += 1
    }
    try step()
    let measured = try Measurement.of { for _ in 0..<count { try step() } }
    return measured.with("tokens", count * sequences).with("state_bytes", states.byteCount(cached))
  }

  /// States of segments, each on its own, packed as a warming packs them.
  func encode(segments: Int, tokens count: Int) throws -> Measurement {
    let encodings = (0..<segments).map {
      InferenceEngine.Encoding(
        tokens: tokens(count, seed: $0), positions: (0..<Int32(count)).map { $0 }, context: [])
    }
    let perPass = max(Self.passTokens / count, 1)
    let measured = try Measurement.of {
      for start in stride(from: 0, to: segments, by: perPass) {
        _ = try engine.encode(Array(encodings[start..<min(start + perPass, segments)]))
      }
    }
    return measured.with("tokens", segments * count)
  }
}

import Engine
import Foundation
import KVCacheFormat
import Testing

/// How much attention cached tokens get, against a plain softmax in double precision, and against itself.
@Suite struct AttentionMassTests {
  private static let plain = GoldenCase.all.filter { $0.segments.isEmpty && $0.tokens.count >= 30 }

  private func positions(_ range: Range<Int>) -> [Int32] { range.map { Int32($0) } }
  private func tokens(_ count: Int) -> [Int32] { (0..<count).map { Int32(3 + $0 * 13 % 60) } }

  /// All masses, one after the other.
  private func numbers(_ mass: AttentionMass, rows: Int = 0, segments: Int = 1) -> [Float] {
    mass.layers.flatMap { layer in
      (0..<mass.heads).flatMap { head in
        (0..<segments).flatMap { segment in
          let tokens = mass.tokens(rows: rows, layer: layer, head: head, segment: segment)
          return tokens.indices.map { tokens[$0] }
        }
      }
    }
  }

  private func worst(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test(arguments: KVElement.allCases)
  func isTheSoftmaxOfAPlainModel(element: KVElement) throws {
    let reference = try FirstLayer()
    let engine = try reference.model.engine()
    let all = (0..<60).map { Int32(1 + $0 * 7 % 9) }
    let states = try engine.encode(tokens: Array(all[..<40]), positions: positions(0..<40), context: [])
    let segment = try states.segment(element: element)
    // The end of it again, elsewhere, less some tokens.
    let moved = try states.segment(element: element, tokens: 20..<40)
    let attended = [
      AttendedSegment(segment, place: 2, encodedAt: 0, omitting: [3..<9]),
      AttendedSegment(moved, place: 42, encodedAt: 20, count: 19),
    ]
    let own = 2..<14
    let ownTokens = own.map { all[40 + $0] }
    let ownPositions = own.map { Int32(40 + 2 * $0) }  // the first ones lie among the segments
    let mass = try engine.measure(
      InferenceEngine.Input(
        sequence: SequenceState(attending: attended), tokens: ownTokens, positions: ownPositions, logits: .last),
      layers: [0], rows: [0..<12, 7..<8])
    var keys: [(segment: Int, token: Int, id: Int32, position: Int)] = []
    for token in 0..<40 where !(3..<9).contains(token) { keys.append((0, token, all[token], token + 2)) }
    for token in 0..<19 { keys.append((1, token, all[20 + token], token + 42)) }
    for (range, rows) in [0..<12, 7..<8].enumerated() {
      for head in 0..<2 {
        var expected = [[Double](repeating: 0, count: 40), [Double](repeating: 0, count: 19)]
        for row in rows {
          func score(_ id: Int32, _ position: Int) -> Double {
            guard position <= Int(ownPositions[row]) else { return -.infinity }
            return reference.score(
              head: head, query: ownTokens[row], at: Int(ownPositions[row]), key: id, at: position)
          }
          let cached = keys.map { exp(score($0.id, $0.position)) }
          var total = cached.reduce(0, +)
          for (id, position) in zip(ownTokens, ownPositions) { total += exp(score(id, Int(position))) }
          for (key, weight) in zip(keys, cached) { expected[key.segment][key.token] += weight / total }
        }
        for segment in 0..<2 {
          let found = mass.tokens(rows: range, layer: 0, head: head, segment: segment)
          var error = 0.0
          for token in found.indices { error = max(error, abs(Double(found[token]) - expected[segment][token])) }
          #expect(error < (element == .f32 ? 1e-5 : element == .f16 ? 1e-3 : 3e-2))
        }
      }
    }
  }

  /// In its first layer a token has the key that it has as a cached token, so it gives itself what it gives that one: all
  /// masses and this one once more make 1.
  @Test(arguments: plain)
  func aRowGivesOne(golden: GoldenCase) throws {
    let engine = try golden.model().engine()
    let isExtended = golden.isExtended(engine)
    let (tokens, positions) = (golden.tokens, golden.positions)
    guard positions.last.map({ Int($0) - Int(positions[0]) }) == tokens.count - 1 else { return }
    let states = try engine.encode([
      InferenceEngine.Encoding(tokens: tokens, positions: positions, context: [], isExtended: isExtended)
    ])[0]
    let seen = AttendedSegment(try states.segment(element: .f32), place: Int(positions[0]))
    let last = tokens.count - 1
    let mass = try engine.measure(
      InferenceEngine.Input(
        sequence: SequenceState(attending: [seen], isExtended: isExtended), tokens: [tokens[last]],
        positions: [positions[last]], logits: .none),
      layers: Array(0..<engine.kvShape.layers), rows: [0..<1])
    for layer in mass.layers {
      for head in 0..<mass.heads {
        let found = mass.tokens(rows: 0, layer: layer, head: head, segment: 0)
        let sum = found.indices.reduce(Float(0)) { $0 + found[$1] }
        if layer == 0 {
          #expect(abs(sum + found[last] - 1) < 1e-5)
        } else {
          #expect(sum > 0 && sum < 1 + 1e-5)
        }
        let window = engine.configuration.kvLayers.windows[layer] ?? last + 1
        #expect(found.indices.allSatisfy { (found[$0] == 0) == ($0 <= last - window) })
      }
    }
  }

  /// Few rows or many, in one segment or several, left out or not there, of any number of threads: the same.
  @Test(arguments: ["llama, plain", "gemma2, plain", "mpt, plain"], KVElement.allCases)
  func doesNotDependOnHowItIsCut(name: String, element: KVElement) throws {
    let model = try #require(GoldenCase.all.first { $0.name == name }).model()
    let engine = try model.engine()
    let layers = Array(0..<engine.kvShape.layers)
    // A short context where the model has no more.
    let length = engine.configuration.contextLength > 2000 ? 1200 : 400
    let states = try engine.encode(tokens: tokens(length), positions: positions(0..<length), context: [])
    func measure(
      _ count: Int, rows: [Range<Int>], _ attended: [AttendedSegment], engine: InferenceEngine, layers: [Int]
    ) throws -> AttentionMass {
      try engine.measure(
        InferenceEngine.Input(
          sequence: SequenceState(attending: attended), tokens: tokens(count),
          positions: positions(length..<length + count),
          logits: .all), layers: layers, rows: rows)
    }
    for count in length == 400 ? [1, 90] : [1, 90, 600] {
      let rows = [0..<count, 0..<count / 3, count / 3..<count]
      let whole = [
        AttendedSegment(try states.segment(element: element), place: 0, omitting: [length / 2..<length / 2 + 3])
      ]
      let mass = try measure(count, rows: rows, whole, engine: engine, layers: layers)
      let all = numbers(mass)
      #expect(all.reduce(0, max) > 0)
      // The sum of two ranges of rows.
      let sum = zip(numbers(mass, rows: 1), numbers(mass, rows: 2)).map { $0 + $1 }
      #expect(worst(all, sum) < 1e-4 * Float(count).squareRoot())
      #expect(
        try numbers(measure(count, rows: rows, whole, engine: model.engine(threads: 1), layers: layers)) == all)
      let cuts = [0..<150, 150..<length / 2, length / 2 + 3..<length]
      let parts = try cuts.map {
        AttendedSegment(try states.segment(element: element, tokens: $0), place: $0.lowerBound)
      }
      let cut = try measure(count, rows: rows, parts, engine: engine, layers: [layers[0]])
      let tokensOfWhole = numbers(try measure(count, rows: rows, whole, engine: engine, layers: [layers[0]]))
      let expected = (0..<cut.heads).flatMap { head in
        cuts.flatMap { tokensOfWhole[head * length + $0.lowerBound..<head * length + $0.upperBound] }
      }
      #expect(worst(numbers(cut, segments: 3), expected) < 1e-4 * Float(count).squareRoot())
      // The last layer alone.
      let last = try measure(count, rows: rows, whole, engine: engine, layers: layers.suffix(1))
      #expect(numbers(last) == Array(all.suffix(last.heads * length)))
    }
  }

  @Test func theSequenceIsAsBefore() throws {
    let engine = try #require(GoldenCase.all.first { $0.name == "llama, plain" }).model().engine()
    let segment = try engine.encode(tokens: tokens(100), positions: positions(0..<100), context: [])
      .segment(element: .f16)
    func answer(measuring: Bool) throws -> [Float] {
      let sequence = SequenceState(attending: [AttendedSegment(segment, place: 0)])
      _ = try engine.forward(tokens: [5, 6], positions: [100, 101], sequence: sequence, logits: .none)
      if measuring {
        let input = InferenceEngine.Input(
          sequence: sequence, tokens: tokens(80), positions: positions(102..<182), logits: .none)
        let mass = try engine.measure(input, layers: [1], rows: [0..<80])
        #expect(mass.layers == [1])
      }
      return try engine.forward(tokens: tokens(9), positions: positions(102..<111), sequence: sequence, logits: .last)
        .row(0)
    }
    #expect(try answer(measuring: true) == answer(measuring: false))
  }

  @Test func wrongInputIsRefused() throws {
    let engine = try #require(GoldenCase.all.first { $0.name == "llama, plain" }).model().engine()
    let input = InferenceEngine.Input(sequence: SequenceState(), tokens: [-1], positions: [0], logits: .none)
    #expect(throws: EngineError.self) { try engine.measure(input, layers: [0], rows: []) }
  }
}

/// The queries and keys of a model of one layer, in double precision.
private struct FirstLayer {
  private struct Entry: Decodable {
    let shape: [Int]
    let dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case shape
      case dataOffsets = "data_offsets"
    }
  }

  let model: ModelDirectory
  private let embedding: [[Double]]
  private let norm: [Double]
  private let queries: [[Double]]
  private let keys: [[Double]]

  init() throws {
    var tiny = TinyModel()
    tiny.config["max_position_embeddings"] = "128"
    model = try tiny.directory()
    let bytes = tiny.safetensors
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = Data(bytes[8..<8 + length])
    let data = Array(bytes[(8 + length)...])
    let entries = try JSONDecoder().decode([String: Entry].self, from: header)
    func tensor(_ name: String) throws -> [[Double]] {
      let entry = try #require(entries[name])
      let numbers = stride(from: entry.dataOffsets[0], to: entry.dataOffsets[1], by: 4).map { start in
        Double(Float(bitPattern: data[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }))
      }
      let columns = entry.shape[entry.shape.count - 1]
      return stride(from: 0, to: numbers.count, by: columns).map { Array(numbers[$0..<$0 + columns]) }
    }
    embedding = try tensor("model.embed_tokens.weight")
    norm = try tensor("model.layers.0.input_layernorm.weight")[0]
    queries = try tensor("model.layers.0.self_attn.q_proj.weight")
    keys = try tensor("model.layers.0.self_attn.k_proj.weight")
  }

  /// Four numbers, rotated: rows first ..< first + 4 of `weights` times the normalized embedding.
  private func head(_ weights: [[Double]], first: Int, token: Int32, at position: Int) -> [Double] {
    let x = embedding[Int(token)]
    let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + 1e-6).squareRoot()
    let normalized = zip(x, norm).map { $0 * scale * $1 }
    let y = weights[first..<first + 4].map { zip($0, normalized).reduce(0) { $0 + $1.0 * $1.1 } }
    let angles = [Double(position), Double(position) / 100]
    return [
      y[0] * cos(angles[0]) - y[2] * sin(angles[0]), y[1] * cos(angles[1]) - y[3] * sin(angles[1]),
      y[2] * cos(angles[0]) + y[0] * sin(angles[0]), y[3] * cos(angles[1]) + y[1] * sin(angles[1]),
    ]
  }

  func score(head: Int, query: Int32, at place: Int, key: Int32, at keyPlace: Int) -> Double {
    let query = self.head(queries, first: 4 * head, token: query, at: place)
    let key = self.head(keys, first: 0, token: key, at: keyPlace)
    return zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } / 2
  }
}

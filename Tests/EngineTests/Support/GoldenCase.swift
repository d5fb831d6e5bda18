import Engine
import Foundation
import KVCacheFormat
import Testing

/// One entry of `Fixtures/cases.json`, made by `tools/engine/make_fixtures.py`.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Segment: Decodable, Sendable {
    let tokens: [Int32]
    let place: Int
    let sees: [Int]
    let isolated: Bool?
    let bos: Bool?
  }

  let name: String
  let weights: String
  let config: JSONText
  let segments: [Segment]
  let tokens: [Int32]
  let positions: [Int32]
  let rows: [Int]
  let logprobs: [[Float]]

  var testDescription: String { name }

  static let all: [GoldenCase] = {
    let file = fixtures.appending(path: "cases.json")
    do {
      return try JSONDecoder().decode([GoldenCase].self, from: Data(contentsOf: file))
    } catch {
      Issue.record("cannot read \(file.path): \(error)")
      return []
    }
  }()

  /// The case's model folder: its configuration, and its weights by link.
  func model() throws -> ModelDirectory {
    let model = try ModelDirectory()
    try model.write("config.json", config.text)
    let names = try FileManager.default.contentsOfDirectory(atPath: fixtures.path).filter { $0.hasPrefix(weights) }
    for name in names {
      let linked = name.contains("-of-") ? name : name.replacing(weights, with: "model")
      try model.link(linked, to: fixtures.appending(path: name))
    }
    return model
  }

  /// Whether a model with LongRoPE takes its long factors: the last position is beyond what the short ones serve.
  func isExtended(_ engine: InferenceEngine) -> Bool {
    guard let original = engine.configuration.originalContextLength, let last = positions.last else { return false }
    return Int(last) >= original
  }

  /// Encodes the segments in order, each in its own context, and gives all of them at their places.
  ///
  /// - Parameter segment: makes segments of states, if not as states themselves do.
  func encodeSegments(
    _ engine: InferenceEngine, element: KVElement, segment make: ((SegmentStates) throws -> KVSegment)? = nil
  ) throws -> [AttendedSegment] {
    let make = make ?? { try $0.segment(element: element) }
    var present: [AttendedSegment] = []
    let isExtended = isExtended(engine)
    func encode(
      _ tokens: [Int32], from start: Int, _ context: [AttendedSegment]
    ) throws -> SegmentStates {
      try engine.encode([
        InferenceEngine.Encoding(
          tokens: tokens, positions: tokens.indices.map { Int32(start + $0) }, context: context,
          isExtended: isExtended)
      ])[0]
    }
    for segment in segments {
      let isIsolated = segment.isolated ?? false
      var context = segment.sees.map { present[$0] }
      if isIsolated, segment.bos ?? false {
        let bos = try make(try encode([1], from: 0, []))
        context.append(AttendedSegment(bos, place: -1, encodedAt: 0))
      }
      let start = isIsolated ? 0 : segment.place
      let states = try encode(segment.tokens, from: start, context)
      present.append(
        AttendedSegment(try make(states), place: segment.place, encodedAt: start))
    }
    return present
  }
}

/// A JSON value, kept as text.
struct JSONText: Decodable, Sendable {
  let text: String

  init(from decoder: any Decoder) throws {
    text = String(decoding: try JSONEncoder().encode(try JSONTree(from: decoder)), as: UTF8.self)
  }
}

/// Any JSON value.
enum JSONTree: Codable {
  case bool(Bool), integer(Int), number(Double), string(String), array([JSONTree]), object([String: JSONTree]), null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONTree].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONTree].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    case .null: try container.encodeNil()
    }
  }
}

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

  /// Encodes the segments in order, each in its own context, and gives all of them at their places.
  func encodeSegments(_ engine: InferenceEngine, element: KVElement) throws -> [AttendedSegment] {
    var present: [AttendedSegment] = []
    for segment in segments {
      let isIsolated = segment.isolated ?? false
      var context = segment.sees.map { present[$0] }
      if isIsolated, segment.bos ?? false {
        let bos = try engine.encode(tokens: [1], positions: [0], context: []).segment(element: element)
        context.append(AttendedSegment(bos, place: -1, encodedAt: 0))
      }
      let start = isIsolated ? 0 : segment.place
      let states = try engine.encode(
        tokens: segment.tokens, positions: segment.tokens.indices.map { Int32(start + $0) }, context: context)
      present.append(
        AttendedSegment(try states.segment(element: element), place: segment.place, encodedAt: start))
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

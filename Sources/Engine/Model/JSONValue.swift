import FoundationEssentials

/// A JSON document as it stands, before anything is made of it.
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Longest file that is parsed, in bytes: beyond any configuration or index of shards.
  private static let limit = 64 << 20

  /// Parses `file`.
  ///
  /// - Throws: `EngineError.malformedConfiguration` that carries `name`.
  init(parsing file: FileBytes, name: String) throws(EngineError) {
    guard file.count <= Self.limit else {
      throw .malformedConfiguration(file: name, reason: "it has \(file.count) bytes, more than \(Self.limit)")
    }
    let data = unsafe file.bytes.withUnsafeBytes { unsafe Data($0) }
    do {
      self = try JSONDecoder().decode(JSONValue.self, from: data)
    } catch {
      throw .malformedConfiguration(file: name, reason: "it is not JSON")
    }
  }

  /// How the value is written, for messages.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): "[\(values.map(\.text).joined(separator: ", "))]"
    case .object: "{…}"
    }
  }
}

extension JSONValue: Decodable {
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
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }
}

internal import Failure

extension GGUFCursor {
  /// The value that comes next: its type, then itself.
  mutating func value(of key: String) throws(GGUFError) -> GGUFValue {
    let number = try integer(UInt32.self, of: key)
    guard let type = ValueType(rawValue: number) else {
      throw .malformed("key \(key.quoted()) has a value of type \(number), which does not exist")
    }
    return try type == .array ? list(of: key) : scalar(type, of: key)
  }

  private mutating func scalar(_ type: ValueType, of key: String) throws(GGUFError) -> GGUFValue {
    switch type {
    case .text, .array: return .text(try text(of: key))
    case .bool: return .bool(try integer(UInt8.self, of: key) != 0)
    case .float32, .float64: return .number(try number(type, of: key))
    case .uint64:
      let value = try integer(UInt64.self, of: key)
      return Int(exactly: value).map { .integer($0) } ?? .largeInteger(value)
    default: return .integer(try wholeNumber(type, of: key))
    }
  }

  private mutating func number(_ type: ValueType, of key: String) throws(GGUFError) -> Double {
    type == .float32
      ? Double(Float(bitPattern: try integer(UInt32.self, of: key)))
      : Double(bitPattern: try integer(UInt64.self, of: key))
  }

  private mutating func wholeNumber(_ type: ValueType, of key: String) throws(GGUFError) -> Int {
    switch type {
    case .uint8: return Int(try integer(UInt8.self, of: key))
    case .int8: return Int(try integer(Int8.self, of: key))
    case .uint16: return Int(try integer(UInt16.self, of: key))
    case .int16: return Int(try integer(Int16.self, of: key))
    case .uint32: return Int(try integer(UInt32.self, of: key))
    case .int32: return Int(try integer(Int32.self, of: key))
    case .int64: return Int(try integer(Int64.self, of: key))
    default:
      let value = try integer(UInt64.self, of: key)
      guard let whole = Int(exactly: value) else {
        throw .malformed("key \(key.quoted()) holds \(value), which is too large")
      }
      return whole
    }
  }

  private mutating func list(of key: String) throws(GGUFError) -> GGUFValue {
    let number = try integer(UInt32.self, of: key)
    guard let type = ValueType(rawValue: number), type != .array else {
      throw .malformed("key \(key.quoted()) is a list of values of type \(number), which is not supported")
    }
    let count = try count(of: key, size: type.leastBytes)
    switch type {
    case .text, .array:
      var bytes: [UInt8] = []
      var ends: [Int] = []
      ends.reserveCapacity(count)
      for _ in 0..<count {
        try appendText(of: key, to: &bytes)
        ends.append(bytes.count)
      }
      return .texts(GGUFTexts(bytes: bytes, ends: ends))
    case .bool:
      var list: [Bool] = []
      for _ in 0..<count { list.append(try integer(UInt8.self, of: key) != 0) }
      return .bools(list)
    case .float32, .float64:
      var list: [Double] = []
      list.reserveCapacity(count)
      for _ in 0..<count { list.append(try self.number(type, of: key)) }
      return .numbers(list)
    default:
      var list: [Int] = []
      list.reserveCapacity(count)
      for _ in 0..<count { list.append(try wholeNumber(type, of: key)) }
      return .integers(list)
    }
  }
}

/// Types of values, by their number in the file.
private enum ValueType: UInt32 {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case text = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// Bytes that one takes at least.
  var leastBytes: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .text, .array, .uint64, .int64, .float64: 8
    }
  }
}

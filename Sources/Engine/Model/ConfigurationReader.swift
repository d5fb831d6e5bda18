import JSONText

/// Typed look-ups in one JSON object, with errors that name the key.
///
/// A key that is absent and one that is `null` are different things in `config.json`: the first means the family's
/// default, the second mostly "none".
struct ConfigurationReader {
  let file: String
  let values: [String: JSONValue]

  /// Longest file that is parsed, in bytes: beyond any configuration or index of shards.
  private static let byteLimit = 64 << 20

  /// Parses the file called `name`.
  ///
  /// - Throws: `EngineError.malformedConfiguration` that carries `name`.
  init(parsing file: FileBytes, name: String) throws(EngineError) {
    guard file.count <= Self.byteLimit else {
      throw .malformedConfiguration(file: name, reason: "it has \(file.count) bytes, more than \(Self.byteLimit)")
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: file.copy(of: 0..<file.count))
    } catch {
      throw .malformedConfiguration(file: name, reason: "it is not JSON: \(error)")
    }
    try self.init(file: name, value: value)
  }

  private init(file: String, value: JSONValue) throws(EngineError) {
    guard case .object(let values) = value else {
      throw .malformedConfiguration(file: file, reason: "it is not a JSON object")
    }
    self.file = file
    self.values = values
  }

  /// Greatest size that a configuration may ask for, so that products of three sizes cannot overflow.
  private static let greatestSize = 1 << 20

  /// The value at `key`, or `nil` if it is absent or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = values[key], value != .null else { return nil }
    return value
  }

  /// Whether the key is there with a null.
  func isNull(_ key: String) -> Bool { values[key] == .null }

  /// A size (1 or more), or `nil` if it is absent or null.
  func size(_ key: String) throws(EngineError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let size = value.wholeNumber, size >= 1 else { throw wrong(key, value, "a whole number above 0") }
    return size
  }

  /// A size that must be there, at most 2^20: a number of rows, columns, heads or layers.
  func requiredSize(_ key: String) throws(EngineError) -> Int {
    guard let size = try size(key) else { throw .malformedConfiguration(file: file, reason: "no `\(key)` in it") }
    return try bounded(size, key)
  }

  /// A size with the family's default for an absent or null one, at most 2^20.
  func size(_ key: String, default standard: Int) throws(EngineError) -> Int {
    try bounded(try size(key) ?? standard, key)
  }

  /// A size that must be there, under either name.
  func requiredSize(_ key: String, or other: String) throws(EngineError) -> Int {
    try requiredSize(value(key) == nil && value(other) != nil ? other : key)
  }

  /// A number of positions, at most 2^31 − 1, with a default.
  func contextLength(_ key: String, default standard: Int) throws(EngineError) -> Int {
    try bounded(try size(key) ?? standard, key, atMost: Int(Int32.max))
  }

  /// A finite number, or `nil` if it is absent or null.
  func number(_ key: String) throws(EngineError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double else { throw wrong(key, value, "a number") }
    return number
  }

  /// A truth value, with the family's default.
  func flag(_ key: String, default standard: Bool) throws(EngineError) -> Bool {
    switch value(key) {
    case nil: return standard
    case .bool(let value): return value
    case .some(let value): throw wrong(key, value, "true or false")
    }
  }

  /// A string, or `nil` if it is absent or null.
  func string(_ key: String) throws(EngineError) -> String? {
    switch value(key) {
    case nil: return nil
    case .string(let value): return value
    case .some(let value): throw wrong(key, value, "a string")
    }
  }

  /// A list of strings; empty if it is absent or null.
  func strings(_ key: String) throws(EngineError) -> [String] {
    guard let value = value(key) else { return [] }
    guard case .array(let elements) = value else { throw wrong(key, value, "a list of strings") }
    var strings: [String] = []
    for element in elements {
      guard case .string(let string) = element else { throw wrong(key, value, "a list of strings") }
      strings.append(string)
    }
    return strings
  }

  /// An object, or `nil` if it is absent, null or empty.
  func object(_ key: String) throws(EngineError) -> ConfigurationReader? {
    guard let value = value(key) else { return nil }
    guard case .object(let values) = value else { throw wrong(key, value, "an object") }
    return values.isEmpty ? nil : try ConfigurationReader(file: file, value: value)
  }

  /// Token IDs given as one number or a list, or `nil` if absent or null.
  func tokenIDs(_ key: String) throws(EngineError) -> [Int32]? {
    guard let value = value(key) else { return nil }
    let elements: [JSONValue] = if case .array(let elements) = value { elements } else { [value] }
    var identifiers: [Int32] = []
    for element in elements {
      guard let number = element.wholeNumber, let identifier = Int32(exactly: number), identifier >= 0 else {
        throw wrong(key, value, "a token ID or a list of them")
      }
      identifiers.append(identifier)
    }
    return identifiers
  }

  private func bounded(_ size: Int, _ key: String, atMost limit: Int = greatestSize) throws(EngineError) -> Int {
    guard size <= limit else {
      throw .malformedConfiguration(file: file, reason: "`\(key)` is \(size), more than \(limit)")
    }
    return size
  }

  private func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> EngineError {
    .malformedConfiguration(file: file, reason: "`\(key)` is `\(value.text)`, not \(expected)")
  }
}

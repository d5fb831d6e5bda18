import Failure
import JSONText

/// Typed look-ups in one JSON object, with errors that name the key.
///
/// A key that is absent and one that is `null` are different things in `config.json`: the first means the family's
/// default, the second mostly "none". `NaN` and `Infinity` are read, as Python writes them.
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
    let bytes = file.array
    do {
      value = try JSONValue(parsing: bytes, rules: JSONRules(allowsNonFinite: true))
    } catch {
      throw .malformedConfiguration(file: name, reason: "it is not JSON: \(error)\(Self.beginning(of: bytes))")
    }
    try self.init(file: name, value: value)
  }

  /// How a text begins that is no JSON object at all, such as a server's message in the place of a file.
  private static func beginning(of bytes: [UInt8]) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    return text.first.map { $0.isLetter } == true ? "; it begins with \(text.quoted(limit: 60))" : ""
  }

  /// Values that were taken from elsewhere.
  init(file: String, values: [String: JSONValue]) {
    self.file = file
    self.values = values
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

  /// Whether the key is not there at all.
  func isAbsent(_ key: String) -> Bool { values[key] == nil }

  /// Whether the key is there with a null.
  func isNull(_ key: String) -> Bool { values[key] == .null }

  /// A size (1 or more), or `nil` if it is absent or null.
  func size(_ key: String) throws(EngineError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let size = value.wholeNumber, size >= 1 else { throw wrong(key, value, "a whole number above 0") }
    return size
  }

  /// A size with the family's default for an absent one, at most 2^20: a number of rows, columns, heads or layers.
  func size(_ key: String, default standard: Int) throws(EngineError) -> Int {
    guard !isNull(key) else { throw wrong(key, .null, "a whole number above 0") }
    return try bounded(try size(key) ?? standard, key)
  }

  /// A size whose absence and null mean the same, at most 2^20.
  func size(_ key: String, orNull standard: Int) throws(EngineError) -> Int {
    try bounded(try size(key) ?? standard, key)
  }

  /// A size under the name that the family gives it, else under the one that most families use, at most 2^20.
  func size(_ key: String, or other: String, default standard: Int) throws(EngineError) -> Int {
    try size(values[key] == nil && values[other] != nil ? other : key, default: standard)
  }

  /// A sliding window, with the family's default for an absent one; `nil` if null or 0 says that there is none.
  func window(_ key: String, default standard: Int) throws(EngineError) -> Int? {
    guard let value = values[key] else { return standard }
    return value == .null || value.wholeNumber == 0 ? nil : try contextLength(key, default: standard)
  }

  /// A number of positions, at most 2^31 − 1, with the family's default for an absent one.
  func contextLength(_ key: String, default standard: Int) throws(EngineError) -> Int {
    guard !isNull(key) else { throw wrong(key, .null, "a whole number above 0") }
    return try bounded(try size(key) ?? standard, key, atMost: Int(Int32.max))
  }

  /// A number from 0 to 2^20 with the family's default for an absent one.
  func count(_ key: String, default standard: Int) throws(EngineError) -> Int {
    guard let value = values[key] else { return standard }
    guard let count = value.wholeNumber, count >= 0 else { throw wrong(key, value, "a whole number from 0 on") }
    return try bounded(count, key)
  }

  /// A finite number, or `nil` if it is absent or null.
  func number(_ key: String) throws(EngineError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, number.isFinite else { throw wrong(key, value, "a finite number") }
    return number
  }

  /// A finite number above 0 with the family's default for an absent one.
  func positiveNumber(_ key: String, default standard: Double) throws(EngineError) -> Double {
    guard !isNull(key) else { throw wrong(key, .null, "a number above 0") }
    guard let number = try number(key) else { return standard }
    guard number > 0, number <= Double(Float.greatestFiniteMagnitude) else {
      throw wrong(key, .number(number), "a number above 0")
    }
    return number
  }

  /// A truth value, with the family's default for an absent one.
  ///
  /// - Parameter null: what a null means; not allowed if `nil`.
  func flag(_ key: String, default standard: Bool, null: Bool? = nil) throws(EngineError) -> Bool {
    switch values[key] {
    case nil: return standard
    case .null:
      guard let null else { throw wrong(key, .null, "true or false") }
      return null
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

  /// A list of finite numbers; empty if it is absent or null.
  func numbers(_ key: String) throws(EngineError) -> [Double] {
    guard let value = value(key) else { return [] }
    guard case .array(let elements) = value else { throw wrong(key, value, "a list of numbers") }
    var numbers: [Double] = []
    for element in elements {
      guard let number = element.double, number.isFinite else { throw wrong(key, value, "a list of finite numbers") }
      numbers.append(number)
    }
    return numbers
  }

  /// Keys whose values are objects.
  var objectKeys: [String] { values.filter { if case .object = $0.value { true } else { false } }.keys.sorted() }

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

  /// The error for a value that a key cannot have.
  func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> EngineError {
    .malformedConfiguration(file: file, reason: "`\(key)` is \(value.text.quoted()), not \(expected)")
  }
}

// Values by key, of the kind that is wanted.
extension GGUFHeader {
  /// The text of `key`, or `nil` if there is no such key. What is not UTF-8 in it is replaced.
  ///
  /// - Throws: `GGUFError.wrongValue`.
  public func text(_ key: String) throws(GGUFError) -> String? {
    guard let value = values[key] else { return nil }
    guard case .text(let bytes) = value else { throw wrong(key, "text") }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The integer of `key`, or `nil` if there is no such key.
  public func integer(_ key: String) throws(GGUFError) -> Int? {
    guard let value = values[key] else { return nil }
    guard case .integer(let integer) = value else { throw wrong(key, "an integer") }
    return integer
  }

  /// The number of `key`, an integer as well, or `nil` if there is no such key.
  public func number(_ key: String) throws(GGUFError) -> Double? {
    switch values[key] {
    case nil: return nil
    case .number(let number)?: return number
    case .integer(let integer)?: return Double(integer)
    default: throw wrong(key, "a number")
    }
  }

  /// Whether `key` holds true, or `nil` if there is no such key.
  public func flag(_ key: String) throws(GGUFError) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let flag) = value else { throw wrong(key, "true or false") }
    return flag
  }

  /// The texts of `key`, or `nil` if there is no such key.
  public func texts(_ key: String) throws(GGUFError) -> GGUFTexts? {
    guard let value = values[key] else { return nil }
    guard case .texts(let texts) = value else { throw wrong(key, "a list of texts") }
    return texts
  }

  /// The integers of `key`, or `nil` if there is no such key.
  public func integers(_ key: String) throws(GGUFError) -> [Int]? {
    guard let value = values[key] else { return nil }
    guard case .integers(let integers) = value else { throw wrong(key, "a list of integers") }
    return integers
  }

  /// The numbers of `key`, or `nil` if there is no such key.
  public func numbers(_ key: String) throws(GGUFError) -> [Double]? {
    guard let value = values[key] else { return nil }
    guard case .numbers(let numbers) = value else { throw wrong(key, "a list of numbers") }
    return numbers
  }

  private func wrong(_ key: String, _ expected: String) -> GGUFError {
    .wrongValue(key: key, expected: expected, found: values[key]?.kind ?? "not there")
  }
}

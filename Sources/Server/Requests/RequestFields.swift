internal import Failure
internal import JSONText

/// The fields of a request's JSON object, read by name. A field that is null is not there.
struct RequestFields {
  private let members: [String: JSONValue]

  /// Reads a body.
  ///
  /// - Throws: `APIError` for what is no JSON object.
  init(body: [UInt8]) throws(APIError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: body)
    } catch {
      throw .invalid("the body is not JSON: \(error.message)", code: "invalid_json")
    }
    guard case .object(let members) = value else {
      throw .invalid("the body is \(value.kind), not an object", code: "invalid_json")
    }
    self.members = members
  }

  subscript(name: String) -> JSONValue? {
    guard let value = members[name], value != .null else { return nil }
    return value
  }

  func string(_ name: String) throws(APIError) -> String? {
    guard let value = self[name] else { return nil }
    guard case .string(let text) = value else { throw wrong(name, value, "a string") }
    return text
  }

  func flag(_ name: String) throws(APIError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard case .bool(let flag) = value else { throw wrong(name, value, "true or false") }
    return flag
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = self[name] else { return nil }
    guard let number = value.wholeNumber, range.contains(number) else {
      let wanted =
        range.upperBound == .max
        ? "a whole number of \(range.lowerBound) or more"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)"
      throw wrong(name, value, wanted)
    }
    return number
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Float? {
    guard let value = self[name] else { return nil }
    guard let number = value.double, range.contains(number) else {
      let wanted =
        range.upperBound.isFinite && range.upperBound < .greatestFiniteMagnitude
        ? "a number from \(range.lowerBound) to \(range.upperBound)" : "a number of \(range.lowerBound) or more"
      throw wrong(name, value, wanted)
    }
    return Float(number)
  }

  func array(_ name: String) throws(APIError) -> [JSONValue]? {
    guard let value = self[name] else { return nil }
    guard case .array(let elements) = value else { throw wrong(name, value, "an array") }
    return elements
  }

  func object(_ name: String) throws(APIError) -> [String: JSONValue]? {
    guard let value = self[name] else { return nil }
    guard case .object(let members) = value else { throw wrong(name, value, "an object") }
    return members
  }

  /// Token IDs in an array.
  func tokens(_ name: String) throws(APIError) -> [Int32]? {
    guard let elements = try array(name) else { return nil }
    return try Self.tokens(elements, parameter: name)
  }

  static func tokens(_ elements: [JSONValue], parameter: String) throws(APIError) -> [Int32] {
    try elements.map { element throws(APIError) in
      guard let token = element.wholeNumber.flatMap({ Int32(exactly: $0) }), token >= 0 else {
        throw .invalid(
          "\(parameter.quoted()) holds \(element.text.quoted()), which is no token ID", parameter: parameter)
      }
      return token
    }
  }

  /// The error of a field that is something else than it should be.
  func wrong(_ name: String, _ value: JSONValue, _ wanted: String) -> APIError {
    .invalid("\(name.quoted()) is \(value.text.quoted()), not \(wanted)", parameter: name)
  }
}

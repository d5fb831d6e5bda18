import JSONText

/// An object of one of the tokenizer's files, and where in the file it lies, for messages.
struct Section {
  /// Name of the file.
  let file: String
  /// The path of the object, `pre_tokenizer.pretokenizers[1]`; empty for the whole file.
  let path: String
  private let value: JSONValue

  init(_ value: JSONValue, in file: String = TokenizerFile.name, at path: String) throws(TokenizerError) {
    guard case .object = value else {
      throw TokenizerError(.mistyped(field: path, expected: "an object", found: value.kind), in: file)
    }
    self.file = file
    self.path = path
    self.value = value
  }

  /// The path of one of the object's members.
  func path(to key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// A member of any kind that is not null.
  subscript(ifPresent key: String) -> JSONValue? { value[key: key] }

  /// A string, or `nil` where there is none.
  func string(ifPresent key: String) throws(TokenizerError) -> String? {
    guard let found = value[key: key] else { return nil }
    guard case .string(let text) = found else {
      throw error(.mistyped(field: path(to: key), expected: "a string", found: found.kind))
    }
    return text
  }

  func string(_ key: String) throws(TokenizerError) -> String {
    guard let text = try string(ifPresent: key) else { throw missing(key) }
    return text
  }

  /// The bytes of a string of one Unicode scalar.
  func character(_ key: String) throws(TokenizerError) -> [UInt8] {
    let text = try string(key)
    guard text.unicodeScalars.count == 1 else {
      throw error(.mistyped(field: path(to: key), expected: "one character", found: "`\(text)`"))
    }
    return Array(text.utf8)
  }

  /// A Boolean, or `nil` where there is none.
  func bool(ifPresent key: String) throws(TokenizerError) -> Bool? {
    guard let found = value[key: key] else { return nil }
    guard case .bool(let flag) = found else {
      throw error(.mistyped(field: path(to: key), expected: "a Boolean", found: found.kind))
    }
    return flag
  }

  func bool(_ key: String) throws(TokenizerError) -> Bool {
    guard let flag = try bool(ifPresent: key) else { throw missing(key) }
    return flag
  }

  /// A whole number of 0 or more.
  func naturalNumber(_ key: String) throws(TokenizerError) -> Int {
    guard let found = value[key: key] else { throw missing(key) }
    return try naturalNumber(found, key)
  }

  /// An array of whole numbers of 0 or more.
  func naturalNumbers(_ key: String) throws(TokenizerError) -> [Int] {
    guard let found = value[key: key] else { throw missing(key) }
    guard case .array(let elements) = found else {
      throw error(.mistyped(field: path(to: key), expected: "an array", found: found.kind))
    }
    var numbers: [Int] = []
    for element in elements { numbers.append(try naturalNumber(element, key)) }
    return numbers
  }

  private func naturalNumber(_ value: JSONValue, _ key: String) throws(TokenizerError) -> Int {
    guard let natural = value.wholeNumber, natural >= 0 else {
      throw error(.mistyped(field: path(to: key), expected: "a whole number", found: value.kind))
    }
    return natural
  }

  /// An object, or `nil` where there is none.
  func section(ifPresent key: String) throws(TokenizerError) -> Section? {
    guard let found = value[key: key] else { return nil }
    return try Section(found, in: file, at: path(to: key))
  }

  func section(_ key: String) throws(TokenizerError) -> Section {
    guard let section = try section(ifPresent: key) else { throw missing(key) }
    return section
  }

  /// The objects of an array; none where there is no array.
  func sections(ifPresent key: String) throws(TokenizerError) -> [Section] {
    guard let found = value[key: key] else { return [] }
    guard case .array(let elements) = found else {
      throw error(.mistyped(field: path(to: key), expected: "an array", found: found.kind))
    }
    var sections: [Section] = []
    for (index, element) in elements.enumerated() {
      sections.append(try Section(element, in: file, at: "\(path(to: key))[\(index)]"))
    }
    return sections
  }

  func sections(_ key: String) throws(TokenizerError) -> [Section] {
    guard value[key: key] != nil else { throw missing(key) }
    return try sections(ifPresent: key)
  }

  /// The error for an object whose `type` is none of those supported.
  func unsupportedType(_ type: String, supported: [String]) -> TokenizerError {
    unsupported("type", type, supported: supported)
  }

  /// The error for a member whose value is none of those supported.
  func unsupported(_ key: String, _ found: String, supported: [String]) -> TokenizerError {
    error(.unsupported(field: path(to: key), found: found, supported: supported))
  }

  /// The error for a member that is not there.
  func missing(_ key: String) -> TokenizerError { error(.missing(field: path(to: key))) }

  /// An error that names the file.
  func error(_ problem: TokenizerError.Problem) -> TokenizerError { TokenizerError(problem, in: file) }
}

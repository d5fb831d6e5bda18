import JSONText

/// One of the tokenizer's files while it is read: `JSONReader`, with errors that name the file.
struct FileReader {
  private let file: String
  private var json: JSONReader

  init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
    self.file = file
    do {
      json = try JSONReader(bytes)
    } catch {
      throw TokenizerError(.malformed(error), in: file)
    }
  }

  mutating func isNext(_ first: Unicode.Scalar) -> Bool { json.isNext(first) }

  mutating func finish() throws(TokenizerError) {
    try read { json throws(JSONError) in try json.finish() }
  }

  mutating func enterObject() throws(TokenizerError) {
    try read { json throws(JSONError) in try json.enterObject() }
  }

  mutating func enterArray() throws(TokenizerError) {
    try read { json throws(JSONError) in try json.enterArray() }
  }

  mutating func nextElement() throws(TokenizerError) -> Bool {
    try read { json throws(JSONError) in try json.nextElement() }
  }

  mutating func nextMember(key: inout [UInt8]) throws(TokenizerError) -> Bool {
    try read { json throws(JSONError) in try json.nextMember(key: &key) }
  }

  mutating func nextKey() throws(TokenizerError) -> String? {
    try read { json throws(JSONError) in try json.nextKey() }
  }

  mutating func readString(appendingTo result: inout [UInt8]) throws(TokenizerError) {
    try read { json throws(JSONError) in try json.readString(appendingTo: &result) }
  }

  mutating func readNaturalNumber() throws(TokenizerError) -> Int {
    try read { json throws(JSONError) in try json.readNaturalNumber() }
  }

  mutating func readValue() throws(TokenizerError) -> JSONValue {
    try read { json throws(JSONError) in try json.readValue() }
  }

  mutating func skipValue() throws(TokenizerError) {
    try read { json throws(JSONError) in try json.skipValue() }
  }

  private mutating func read<Value>(
    _ body: (inout JSONReader) throws(JSONError) -> Value
  ) throws(TokenizerError) -> Value {
    do {
      return try body(&json)
    } catch {
      throw TokenizerError(.malformed(error), in: file)
    }
  }
}

import JSONText
import Testing

/// Bytes that are no JSON are an error with its place, read or skipped; none of them traps.
@Suite struct JSONReaderTests {
  private func readError(_ bytes: [UInt8], rules: JSONRules = JSONRules()) -> JSONError? {
    do throws(JSONError) {
      _ = try JSONValue(parsing: bytes, rules: rules)
      return nil
    } catch {
      return error
    }
  }

  private func skipError(_ bytes: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      var reader = try JSONReader(bytes)
      try reader.skipValue()
      try reader.finish()
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      ("", 0, .unexpectedEnd),
      (" ", 1, .unexpectedEnd),
      ("\u{FEFF}{}", 0, .unexpectedByte(0xEF, expected: "a value")),
      (#"{"a""#, 4, .unexpectedEnd),
      (#"{"a" 1}"#, 5, .unexpectedByte(0x31, expected: "`:`")),
      (#"{"a": 1 "b": 2}"#, 8, .unexpectedByte(0x22, expected: "`,` or `}`")),
      (#"{"a": 1,}"#, 8, .unexpectedByte(0x7D, expected: "a string")),
      (#"{"a": 1]"#, 7, .unexpectedByte(0x5D, expected: "`,` or `}`")),
      ("{1: 2}", 1, .unexpectedByte(0x31, expected: "a string")),
      ("{,}", 1, .unexpectedByte(0x2C, expected: "a string")),
      ("[1 2]", 3, .unexpectedByte(0x32, expected: "`,` or `]`")),
      ("[1,]", 3, .unexpectedByte(0x5D, expected: "a value")),
      ("[,1]", 1, .unexpectedByte(0x2C, expected: "a value")),
      ("[[],1}", 5, .unexpectedByte(0x7D, expected: "`,` or `]`")),
      ("[tru]", 4, .unexpectedByte(0x5D, expected: "`true`")),
      ("[t rue]", 2, .unexpectedByte(0x20, expected: "`true`")),
      ("[NaN]", 1, .unexpectedByte(0x4E, expected: "a value")),
      ("[01]", 2, .unexpectedByte(0x31, expected: "`,` or `]`")),
      ("[.5]", 1, .unexpectedByte(0x2E, expected: "a value")),
      ("[+1]", 1, .unexpectedByte(0x2B, expected: "a value")),
      ("[- 1]", 2, .unexpectedByte(0x20, expected: "a value")),
      ("[1.]", 3, .unexpectedByte(0x5D, expected: "a digit")),
      ("[1e+]", 4, .unexpectedByte(0x5D, expected: "a digit")),
      ("[1e+-2]", 4, .unexpectedByte(0x2D, expected: "a digit")),
      ("[1e999]", 1, .unexpectedNumber(expected: "in the range of double precision")),
      (#"["\x"]"#, 2, .invalidEscape),
      (#"["\u12g4"]"#, 2, .invalidEscape),
      (#"["\ud800"]"#, 2, .invalidEscape),
      (#"["\ud800\u0041"]"#, 2, .invalidEscape),
      (#"["\ud800\n"]"#, 2, .invalidEscape),
      (#"["\udc00"]"#, 2, .invalidEscape),
      (#"["\u00"#, 2, .invalidEscape),
      (#"["\"#, 3, .unexpectedEnd),
      (#"["abc"#, 5, .unexpectedEnd),
      ("[\"\n\"]", 2, .unexpectedByte(0x0A, expected: "a character of a string")),
      ("[] []", 3, .unexpectedByte(0x5B, expected: "the end")),
      ("{}\u{0}", 2, .unexpectedByte(0x00, expected: "the end")),
    ] as [(String, Int, JSONError.Problem)])
  func tellsWhere(_ text: String, offset: Int, problem: JSONError.Problem) {
    let found = readError(Array(text.utf8))
    #expect(found?.offset == offset)
    #expect(found?.problem == problem)
    #expect(found?.message.hasSuffix(", at byte \(offset)") == true)
    #expect(skipError(Array(text.utf8)) == found)
  }

  @Test func saysWhat() {
    #expect("\(readError(Array("[1 2]".utf8)) as Any)".contains("`2` where `,` or `]` should be, at byte 3"))
    #expect(readError(Array("[\n".utf8))?.message == "the text ends too soon, at byte 2")
    #expect(readError([0xFF])?.message == "bytes that are not UTF-8, at byte 0")
    #expect(readError([0x00])?.message == "byte 0x0 where a value should be, at byte 0")
  }

  @Test func refusesInvalidUTF8() {
    for (bytes, offset) in [([0xFF], 0), ([0x22, 0xC3, 0x28, 0x22], 1), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1)]
      as [([UInt8], Int)]
    {
      #expect(readError(bytes)?.offset == offset)
      #expect(readError(bytes)?.problem == .invalidUTF8)
    }
  }

  @Test func limitsDepth() {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(readError(nested(128)) == nil)
    for depth in [129, 100_000] {
      #expect(readError(nested(depth))?.problem == .tooDeep(limit: 128))
      #expect(readError(nested(depth))?.offset == 128)
      #expect(skipError(nested(depth))?.offset == 128)
    }
    #expect(readError(nested(1_024), rules: JSONRules(depthLimit: 1_024)) == nil)
    #expect(readError(Array("[[],[],[]]".utf8), rules: JSONRules(depthLimit: 2)) == nil)
    #expect(readError(Array("[[{}]]".utf8), rules: JSONRules(depthLimit: 2))?.offset == 2)
  }

  @Test func pullsWhatItIsAskedFor() throws {
    let text = #" { "a" : [ 1 , -2 ] , "\u0062" : { "x" : [ "\ud83d\ude00" , { } ] } , "c" : "\b\f\r\t\n\/\\\"" } "#
    var reader = try JSONReader(Array(text.utf8))
    try reader.enterObject()
    #expect(try reader.nextKey() == "a")
    let isArray = reader.isNext("[")
    #expect(isArray)
    try reader.enterArray()
    #expect(try reader.nextElement())
    #expect(try reader.readNaturalNumber() == 1)
    #expect(try reader.nextElement())
    #expect(try reader.readInteger() == -2)
    #expect(try !reader.nextElement())
    var key = Array("key: ".utf8)
    #expect(try reader.nextMember(key: &key))
    #expect(key == Array("key: b".utf8))
    try reader.skipValue()
    #expect(try reader.nextKey() == "c")
    #expect(try reader.readString() == "\u{8}\u{C}\r\t\n/\\\"")
    #expect(try reader.nextKey() == nil)
    try reader.finish()
  }

  @Test func refusesAnotherKind() throws {
    func problem(_ text: String, _ read: (inout JSONReader) throws -> Void) throws -> JSONError.Problem? {
      var reader = try JSONReader(Array(text.utf8))
      return #expect(throws: JSONError.self) { try read(&reader) }?.problem
    }
    #expect(try problem("[]") { try $0.enterObject() } == .unexpectedByte(0x5B, expected: "an object"))
    #expect(try problem("{}") { try $0.enterArray() } == .unexpectedByte(0x7B, expected: "an array"))
    #expect(try problem("1") { _ = try $0.readString() } == .unexpectedByte(0x31, expected: "a string"))
    #expect(try problem("\"") { _ = try $0.readInteger() } == .unexpectedByte(0x22, expected: "a value"))
  }

  @Test func readsIntegersOf64Bits() throws {
    func integer(_ text: String) throws -> Int {
      var reader = try JSONReader(Array(text.utf8))
      return try reader.readInteger()
    }
    #expect(try integer("9223372036854775807") == .max)
    #expect(try integer("-9223372036854775808") == .min)
    #expect(try integer("0") == 0)
    for text in ["9223372036854775808", "-9223372036854775809", "99999999999999999999", "1.0", "1e3", "-0"] {
      let found = #expect(throws: JSONError.self) { try integer(text) }
      #expect(found?.problem == .unexpectedNumber(expected: "a 64-bit integer"))
    }
    for text in ["-1", "1.5", "18446744073709551616"] {
      var reader = try JSONReader(Array(text.utf8))
      let found = #expect(throws: JSONError.self) { try reader.readNaturalNumber() }
      #expect(found?.message == "a number that is not a whole one of 0 or more, at byte 0")
    }
  }

  /// Each beginning is an error; where a byte is another one, skipping finds what reading finds.
  @Test func survivesDamage() {
    let text = #"{"a": [1, -2.5e3, "\u00e9\ud83d\ude00é", {"b": {}, "c": []}], "d": true, "e": [false, null]}"#
    let bytes = Array(text.utf8)
    #expect(readError(bytes) == nil && skipError(bytes) == nil)
    for length in 0..<bytes.count {
      #expect(readError(Array(bytes[..<length])) != nil)
      #expect(skipError(Array(bytes[..<length])) == readError(Array(bytes[..<length])))
    }
    for index in bytes.indices {
      for byte in [0x00, 0x20, 0x22, 0x2C, 0x2D, 0x30, 0x5B, 0x5C, 0x5D, 0x65, 0x7B, 0x7D, 0xC3] as [UInt8] {
        var damaged = bytes
        damaged[index] = byte
        #expect(skipError(damaged) == readError(damaged))
      }
    }
  }
}

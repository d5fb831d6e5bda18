import Testing
import Tokenizers

/// Bytes that are no JSON are an error with its place; none of them traps.
@Suite struct MalformedJSONTests {
  private func error(_ bytes: [UInt8]) -> TokenizerError? {
    do throws(TokenizerError) {
      _ = try Tokenizer(tokenizerJSON: bytes, configJSON: nil)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      ("", 0, .unexpectedEnd),
      ("[]", 0, .unexpectedByte(0x5B, expected: "an object")),
      ("\u{FEFF}{}", 0, .unexpectedByte(0xEF, expected: "an object")),
      (#"{"a""#, 4, .unexpectedEnd),
      (#"{"a" 1}"#, 5, .unexpectedByte(0x31, expected: "`:`")),
      (#"{"a": 1 "b": 2}"#, 8, .unexpectedByte(0x22, expected: "`,` or `}`")),
      (#"{"a": 1,}"#, 8, .unexpectedByte(0x7D, expected: "a string")),
      (#"{"a": [1 2]}"#, 9, .unexpectedByte(0x32, expected: "`,` or `]`")),
      (#"{"a": [1,]}"#, 9, .unexpectedByte(0x5D, expected: "a value")),
      (#"{"a": tru}"#, 9, .unexpectedByte(0x7D, expected: "`true`")),
      (#"{"a": 01}"#, 7, .unexpectedByte(0x31, expected: "`,` or `}`")),
      (#"{"a": .5}"#, 6, .unexpectedByte(0x2E, expected: "a value")),
      (#"{"a": 1.}"#, 8, .unexpectedByte(0x7D, expected: "a digit")),
      (#"{"a": 1e999}"#, 6, .invalidNumber),
      (#"{"a": "\x"}"#, 7, .invalidEscape),
      (#"{"a": "\u12g4"}"#, 7, .invalidEscape),
      (#"{"a": "\ud800"}"#, 7, .invalidEscape),
      (#"{"a": "\ud800\u0041"}"#, 7, .invalidEscape),
      (#"{"a": "\udc00"}"#, 7, .invalidEscape),
      ("{\"a\": \"\n\"}", 7, .unexpectedByte(0x0A, expected: "a character of a string")),
      (#"{"a": NaN}"#, 6, .unexpectedByte(0x4E, expected: "a value")),
      (#"{"model": {"vocab": {"a": -1}}}"#, 26, .invalidNumber),
      (#"{"model": {"vocab": {"a": 1.5}}}"#, 26, .invalidNumber),
      (#"{"model": {"vocab": {"a": 99999999999999999999}}}"#, 26, .invalidNumber),
    ] as [(String, Int, JSONError.Problem)])
  func tellsWhere(_ text: String, offset: Int, problem: JSONError.Problem) throws {
    guard case .malformed("tokenizer.json", let found)? = error(Array(text.utf8)) else {
      Issue.record("\(String(describing: error(Array(text.utf8))))")
      return
    }
    #expect(found.offset == offset)
    #expect(found.problem == problem)
    #expect(found.message.hasSuffix("at byte \(offset)"))
  }

  @Test func refusesWhatFollows() throws {
    let text = TokenizerJSON().text
    guard case .malformed(_, let found)? = error(Array((text + " x").utf8)) else {
      Issue.record("accepted")
      return
    }
    #expect(found.offset == text.utf8.count + 1)
    #expect(error(Array((text + " \n\t\r").utf8)) == nil)
  }

  @Test func refusesInvalidUTF8() {
    for (bytes, offset) in [([0xFF], 0), ([0x7B, 0xC3, 0x28], 1), ([0x7B, 0xED, 0xA0, 0x80], 1)] as [([UInt8], Int)] {
      guard case .malformed(_, let found)? = error(bytes) else {
        Issue.record("accepted \(bytes)")
        continue
      }
      #expect(found.offset == offset)
      #expect(found.problem == .invalidUTF8)
    }
  }

  @Test func limitsDepth() {
    let depth = 100_000
    let text = #"{"a": "# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    guard case .malformed(_, let found)? = error(Array(text.utf8)) else {
      Issue.record("accepted")
      return
    }
    #expect(found.problem == .tooDeep(limit: 128))
  }

  @Test func readsEscapes() throws {
    let tokenizer = try TokenizerJSON.tokenizer {
      $0.vocabulary =
        #"{"\u003cunk\u003E": 0, "\"": 1, "\\": 2, "\/": 3, "\n": 4, "\u00e9": 5, "\ud83d\ude00": 6, "\b\f\r\t": 7, " ": 8}"#
      $0.merges = "[]"
    }
    #expect(tokenizer.encode("\"\\/\n\u{e9}😀x") == [1, 2, 3, 4, 5, 6, 0])
    #expect(tokenizer.decode([7, 5]) == "\u{8}\u{c}\r\t \u{e9}")
  }

  /// Canonically equivalent spellings are tokens of their own.
  @Test func keepsTokensApart() throws {
    let tokenizer = try TokenizerJSON.tokenizer {
      $0.vocabulary = #"{"<unk>": 0, "\u00c5": 1, "\u212b": 2, "A": 3, "\u030a": 4, "A\u030a": 5, " ": 6}"#
      $0.merges = #"["A \u030a"]"#
    }
    #expect(tokenizer.encode("\u{C5}\u{212B}A\u{30A}") == [1, 2, 5])
  }

  /// Each beginning of a file is an error, and a changed byte an error or another tokenizer.
  @Test(arguments: ["llama2", "falcon"])
  func survivesDamage(_ family: String) throws {
    let bytes = try Fixture(family).bytes("tokenizer.json")
    for length in stride(from: 0, to: bytes.count - 1, by: 97) {
      #expect(error(Array(bytes[..<length])) != nil)
    }
    var generator = SplitMix64(state: 7)
    for _ in 0..<400 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let index = Int.random(in: 0..<damaged.count, using: &generator)
        damaged[index] = UInt8.random(in: 0x20...0x7E, using: &generator)
      }
      guard let tokenizer = try? Tokenizer(tokenizerJSON: damaged, configJSON: nil) else { continue }
      let tokens = tokenizer.encodeTemplate("The harbour opens at six,\n 12345 é한😀 <s>")
      #expect(tokenizer.decode(tokens).utf8.count < 1000)
    }
  }
}

/// A generator that gives the same numbers each time (Steele, Lea and Flood 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

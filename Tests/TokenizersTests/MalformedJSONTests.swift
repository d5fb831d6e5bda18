import JSONText
import Testing
import Tokenizers

/// Files that are no JSON are an error with its place; none of them traps.
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
      (#"{"a": [1 2]}"#, 9, .unexpectedByte(0x32, expected: "`,` or `]`")),
      (#"{"model": []}"#, 10, .unexpectedByte(0x5B, expected: "an object")),
      (#"{"model": {"merges": [x]}}"#, 22, .unexpectedByte(0x78, expected: "a value")),
      (#"{"model": {"vocab": {"a": -1}}}"#, 26, .unexpectedNumber(expected: "a whole one of 0 or more")),
      (#"{"model": {"vocab": {"a": 1.5}}}"#, 26, .unexpectedNumber(expected: "a whole one of 0 or more")),
      (#"{"model": {"vocab": {"a": 9e9}}}"#, 26, .unexpectedNumber(expected: "a whole one of 0 or more")),
    ] as [(String, Int, JSONError.Problem)])
  func tellsWhere(_ text: String, offset: Int, problem: JSONError.Problem) throws {
    guard case .malformed(let found)? = error(Array(text.utf8))?.problem else {
      Issue.record("\(String(describing: error(Array(text.utf8))))")
      return
    }
    #expect(found.offset == offset)
    #expect(found.problem == problem)
  }

  @Test func refusesWhatFollows() throws {
    let text = TokenizerJSON().text
    guard case .malformed(let found)? = error(Array((text + " x").utf8))?.problem else {
      Issue.record("accepted")
      return
    }
    #expect(found.offset == text.utf8.count + 1)
    #expect(error(Array((text + " \n\t\r").utf8)) == nil)
  }

  @Test func namesTheConfiguration() throws {
    let error = #expect(throws: TokenizerError.self) {
      try TokenizerJSON.tokenizer { $0.config = "{" }
    }
    #expect(
      error?.message == "`tokenizer_config.json` is not the JSON that it should be: the text ends too soon, at byte 1")
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

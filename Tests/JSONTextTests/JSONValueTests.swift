import JSONText
import Testing

/// Values as they are read, looked at and written.
@Suite struct JSONValueTests {
  private func value(_ text: String, _ rules: JSONRules = JSONRules()) throws(JSONError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8), rules: rules)
  }

  private func canonical(_ value: JSONValue) -> String { String(decoding: value.canonicalBytes, as: UTF8.self) }

  @Test func readsAllKinds() throws {
    #expect(
      try value(#" {"a": [null, true, false, 0, -7, 1.5, 1E+2, "é"], "b": {}, "": []} "#)
        == .object([
          "a": [.null, true, false, 0, -7, .number(1.5), .number(100), "é"], "b": .object([:]), "": [],
        ]))
  }

  @Test func numbersAreIntegersWhereTheyCanBe() throws {
    #expect(try value("9223372036854775807") == .integer(.max))
    #expect(try value("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try value("-0") == .number(-0.0))
    #expect(try value("[8, 8.0, 1e3, 8.5]") == [8, .number(8), .number(1000), .number(8.5)])
    let values: [JSONValue] = [8, .number(8), .number(8.5), .number(1e30), "8", .null]
    #expect(values.map(\.wholeNumber) == [8, 8, nil, nil, nil, nil])
    #expect(values.map(\.double) == [8, 8, 8.5, 1e30, nil, nil])
  }

  @Test func theLastOfTwoKeysCounts() throws {
    #expect(try value(#"{"a": 1, "b": 2, "a": 3}"#) == .object(["a": 3, "b": 2]))
  }

  @Test func rulesMayRefuseMore() {
    let strict = JSONRules(allowsDuplicateKeys: false, allowsFractions: false)
    let twice = #expect(throws: JSONError.self) { try value(#"{"a": 1, "\u0061": 1}"#, strict) }
    #expect(twice?.message == "the key `a`, which the object has already, at byte 9")
    for text in ["[1.0]", "[1e2]", "[-0]", "[9223372036854775808]"] {
      let fraction = #expect(throws: JSONError.self) { try value(text, strict) }
      #expect(fraction?.message == "a number that is not a 64-bit integer, at byte 1")
    }
    #expect(throws: Never.self) { try value(#"[{"a": 1}, {"a": -1}]"#, strict) }
  }

  @Test func membersAreFoundByKey() throws {
    let object = try value(#"{"a": 1, "b": null}"#)
    #expect(object[key: "a"] == 1)
    #expect(object[key: "b"] == nil)
    #expect(object[key: "c"] == nil)
    #expect(JSONValue.array([])[key: "a"] == nil)
  }

  @Test func messagesShowValues() throws {
    let values: [JSONValue] = [.null, true, 7, .number(0.5), "x", [1, ["y"]], .object(["a": 1])]
    #expect(values.map(\.text) == ["null", "true", "7", "0.5", "x", "[1, [y]]", "{…}"])
    #expect(
      values.map(\.kind)
        == ["null", "a Boolean", "a number", "a number", "a string", "an array", "an object"])
  }

  @Test func writesCanonically() throws {
    let object = JSONValue.object(["b": [1, .null, true], "a": .object([:]), "": false])
    #expect(canonical(object) == #"{"":false,"a":{},"b":[1,null,true]}"#)
    #expect(canonical("\u{0}\u{8}\t\n\u{C}\r\u{1F} \"\\/é\u{7F}😀") == #""\u0000\b\t\n\f\r\u001f \"\\/é"# + "\u{7F}😀\"")
    #expect(canonical(.integers([.min, 0, .max] as [Int])) == "[-9223372036854775808,0,9223372036854775807]")
    // RFC 8785, 3.2.3: by UTF-16 code units, which is neither the order of bytes nor that of scalars.
    let keys = ["\u{20AC}", "\r", "\u{FB33}", "1", "\u{1F600}", "\u{80}", "\u{F6}"]
    let text = canonical(.object(Dictionary(uniqueKeysWithValues: keys.map { ($0, .null) })))
    let order = ["\\r", "1", "\u{80}", "\u{F6}", "\u{20AC}", "\u{1F600}", "\u{FB33}"]
    #expect(text == "{" + order.map { "\"\($0)\":null" }.joined(separator: ",") + "}")
  }

  /// RFC 8785, appendix B.
  @Test(
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
      (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
      (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"), (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
      (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
      (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
      (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
      (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
      (0x444B_1AE4_D6E2_EF50, "1e+21"),
      (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
      (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5557, "333333333.33333343"),
      (0xBECB_F647_612F_3696, "-0.0000033333333333333333"), (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
      (0x3FF8_0000_0000_0000, "1.5"), (0x7FF0_0000_0000_0000, "null"),
    ] as [(UInt64, String)])
  func writesNumbersAsECMAScriptDoes(_ bits: UInt64, text: String) throws {
    let number = Double(bitPattern: bits)
    #expect(canonical(.number(number)) == text)
    if number.isFinite { #expect(try value(text).double == number) }
  }

  @Test func readsWhatItWrote() throws {
    let read = try value(#"{"b": [1, -0.25, "\u0001\ud83d\ude00", null], "a": {"x": [[], {}], "": true}}"#)
    #expect(try JSONValue(parsing: read.canonicalBytes) == read)
  }
}

import PMLCompiler
import Testing

@Suite struct EncodingTests {
  private func problems(_ bytes: [UInt8]) -> [String] {
    PML.compileSchema(SourceFile(path: "x", bytes: bytes), template: .none, includes: FakeIncludes())
      .diagnostics.map(\.sketch)
  }

  private func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
    text.utf16.flatMap { unit in
      let bytes = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
      return bigEndian ? bytes.reversed() : bytes
    }
  }

  @Test(arguments: ["", "<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='utf-8'?>", "<!-- é -->"])
  func utf8IsTaken(_ head: String) {
    let document = Array("\(head)<schema name=\"é\">é</schema>".utf8)
    #expect(problems(document) == [])
    #expect(problems([0xEF, 0xBB, 0xBF] + document) == [])
  }

  @Test(arguments: ["latin1", "UTF-16", "UTF-7", "US-ASCII", ""])
  func anotherEncodingDeclaredIsAnError(_ name: String) {
    let document = "<?xml version=\"1.0\" encoding=\"\(name)\"?><schema name=\"s\"/>"
    #expect(problems(Array(document.utf8)) == ["PML002 1:31-1:\(31 + name.count)"])
  }

  @Test func theDeclaredEncodingExplainsTheBytes() {
    let document = Array("<?xml version=\"1.0\" encoding=\"latin1\"?><schema name=\"".utf8) + [0xE9, 0x22, 0x2F, 0x3E]
    #expect(problems(document) == ["PML002 1:31-1:37"])
  }

  @Test(arguments: [true, false], [true, false])
  func utf16IsAnError(_ bigEndian: Bool, _ hasMark: Bool) {
    let document = utf16((hasMark ? "\u{FEFF}" : "") + "<schema name=\"s\"/>", bigEndian: bigEndian)
    #expect(problems(document).map { $0.prefix(6) } == ["PML002"])
  }

  @Test func utf32IsAnError() {
    #expect(problems([0x3C, 0, 0, 0, 0x61, 0, 0, 0]).map { $0.prefix(6) } == ["PML002"])
    #expect(problems([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x3C]).map { $0.prefix(6) } == ["PML002"])
  }

  @Test(
    arguments: [
      ([0xFF], 1), ([0xC3], 1), ([0xC0, 0x80], 1), ([0xED, 0xA0, 0x80], 1), ([0xF5, 0x80, 0x80, 0x80], 1),
      ([0xC3, 0xA9, 0xE9, 0x20], 2),
    ] as [([UInt8], Int)])
  func invalidUTF8IsFoundAtItsPlace(_ bytes: [UInt8], _ column: Int) {
    let document = Array("<schema name=\"s\">\n".utf8) + bytes + Array("</schema>".utf8)
    #expect(problems(document).map { $0.prefix(10) } == ["PML001 2:\(column)"])
  }

  @Test(arguments: [0x00, 0x01, 0x08, 0x0B, 0x1F] as [UInt8])
  func controlCharactersAreErrors(_ byte: UInt8) {
    let document = Array("<schema name=\"s\">é".utf8) + [byte] + Array("</schema>".utf8)
    #expect(problems(document) == ["PML003 1:19-1:20"])
  }

  @Test(arguments: ["\u{FFFE}", "\u{FFFF}"])
  func noncharactersAreErrors(_ text: String) {
    #expect(problems(Array("<schema name=\"s\">\(text)</schema>".utf8)) == ["PML003 1:18-1:19"])
    #expect(problems(Array("<schema name=\"s\">\u{FFFD}\u{EFFF}\u{10FFFF}</schema>".utf8)) == [])
  }
}

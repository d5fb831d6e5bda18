import Foundation
import GGUF
import Testing

/// A file is read as the `gguf` package writes it, and one that contradicts itself is an error.
@Suite struct GGUFHeaderTests {
  private func header(_ bytes: [UInt8]) throws(GGUFError) -> GGUFHeader { try unsafe GGUFHeader(bytes.span.bytes) }

  private func error(_ change: (inout GGUFBuilder) -> Void) -> GGUFError? {
    var builder = GGUFBuilder()
    builder.tensors = [GGUFBuilder.Tensor()]
    change(&builder)
    do throws(GGUFError) {
      _ = try header(builder.bytes)
      return nil
    } catch {
      return error
    }
  }

  private func fixture() throws -> [UInt8] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    return Array(try Data(contentsOf: folder.appending(path: "every-type.gguf")))
  }

  @Test func everyKindOfValue() throws {
    let header = try header(try fixture())
    let integers = [
      "uint8": 200, "int8": -100, "uint16": 60_000, "int16": -30_000, "uint32": 4_000_000_000, "int32": -2_000_000_000,
      "int64": -(1 << 62),
    ]
    for (kind, value) in integers { #expect(try header.integer("value.\(kind)") == value) }
    guard case .largeInteger(let large) = header.values["value.uint64"] else {
      Issue.record("no large integer")
      return
    }
    #expect(large == UInt64(1) << 63 + 1)
    #expect(try header.number("value.float32") == Double(Float(0.1)))
    #expect(try header.number("value.float64") == 0.1)
    #expect(try header.number("value.uint8") == 200)
    #expect(try header.flag("value.bool") == true)
    #expect(try header.text("value.text") == "Grüße, 世界")
    #expect(try header.text("general.architecture") == "llama")
    #expect(try header.integers("value.integers") == [1, -2, 3])
    #expect(try header.numbers("value.numbers") == [0.5, -1.5])
    #expect(try header.texts("value.texts")?.map { String(decoding: $0, as: UTF8.self) } == ["", "a", "é"])
    #expect(try header.text("no.such.key") == nil)
    #expect(throws: GGUFError.wrongValue(key: "value.text", expected: "an integer", found: "text")) {
      try header.integer("value.text")
    }
    #expect(throws: GGUFError.self) { try header.integer("value.uint64") }
  }

  @Test func everyTypeOfNumbers() throws {
    let bytes = try fixture()
    let header = try header(bytes)
    #expect(header.tensors.count == GGUFTensorType.allCases.count)
    var end = 0
    for type in GGUFTensorType.allCases {
      let tensor = try #require(header.tensors["tensor.\(type.name)"])
      #expect(tensor.type == type)
      #expect(tensor.shape == [3, 512])
      #expect(tensor.bytes.count == 3 * 512 / type.blockNumbers * type.blockBytes)
      #expect(tensor.bytes.lowerBound.isMultiple(of: 32))
      end = max(end, tensor.bytes.upperBound)
    }
    #expect(end <= bytes.count && bytes.count - end < 32)
  }

  @Test func whatIsWrongIsNamed() {
    #expect(error { _ in } == nil)
    #expect(error { $0.magic = Array("GGML".utf8) } == .notGGUF)
    #expect(error { $0.version = 2 } == .unsupportedVersion(2))
    #expect(error { $0.version = 3 << 24 } == .unsupportedVersion(3 << 24))
    #expect(error { $0.tensors[0].type = 10 } == .unsupportedType(tensor: "t", type: "Q2_K"))
    #expect(error { $0.tensors[0].type = 7_777 } == .unsupportedType(tensor: "t", type: "number 7777"))
    let malformed: [(inout GGUFBuilder) -> Void] = [
      { $0.tensors[0].sides = [] }, { $0.tensors[0].sides = [1, 1, 1, 1, 1] }, { $0.tensors[0].sides = [0, 2] },
      { $0.tensors[0].sides = [1 << 40, 1 << 40] }, { $0.tensors[0].sides = [.max] },
      { $0.tensors[0].sides = [1 << 62] }, { $0.tensors[0] = .init(sides: [33, 1], type: 2) },
      { $0.tensors[0].offset = 8 }, { $0.tensors.append(.init()) }, { $0.tensors.append(.init(name: "u")) },
      { $0.tensors.append(.init(name: "u", sides: [32, 1], offset: 128)) },
      {
        $0.add("a", 4, [1, 0, 0, 0]); $0.add("a", 4, [2, 0, 0, 0])
      },
      { $0.add("a", 13, []) }, { $0.add("a", 9, GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(0))) },
      { $0.add("a", 9, GGUFBuilder.bytes(UInt32(99)) + GGUFBuilder.bytes(UInt64(0))) },
      { $0.values = [([0xFF], 7, [1])] }, { $0.tensors[0].name = String(repeating: "n", count: 70_000) },
    ]
    for (index, change) in malformed.enumerated() {
      guard case .malformed? = error(change) else {
        Issue.record("case \(index): \(String(describing: error(change)))")
        continue
      }
    }
    let misaligned = error { $0.add("general.alignment", 4, [3, 0, 0, 0]) }
    guard case .wrongValue("general.alignment", _, _)? = misaligned else {
      Issue.record("\(String(describing: misaligned))")
      return
    }
  }

  @Test func whatIsCutOrAnnouncedAndNotThere() {
    let truncated: [(inout GGUFBuilder) -> Void] = [
      { $0.data = 255 }, { $0.tensors[0].offset = 32 }, { $0.tensors[0].offset = 1 << 62 },
      { $0.tensorCount = .max }, { $0.tensorCount = 1 << 40 }, { $0.keyCount = .max }, { $0.keyCount = 1 << 33 },
      { $0.add("a", 8, GGUFBuilder.bytes(UInt64.max)) }, { $0.add("a", 8, GGUFBuilder.bytes(UInt64(1) << 50)) },
      { $0.add("a", 9, GGUFBuilder.bytes(UInt32(8)) + GGUFBuilder.bytes(UInt64(1) << 60)) },
      { $0.add("a", 9, GGUFBuilder.bytes(UInt32(0)) + GGUFBuilder.bytes(UInt64(1) << 40)) },
    ]
    for (index, change) in truncated.enumerated() {
      guard case .truncated? = error(change) else {
        Issue.record("case \(index): \(String(describing: error(change)))")
        continue
      }
    }
  }

  /// Names and lengths in a file can be made to say anything to a terminal.
  @Test func messagesArePrintable() throws {
    let name = "\u{1B}[2J\u{202E}" + String(repeating: "n", count: 60_000)
    let (large, list) = (GGUFBuilder.bytes(UInt64.max), GGUFBuilder.bytes(UInt32(9)) + GGUFBuilder.bytes(UInt64(0)))
    let changes: [(inout GGUFBuilder) -> Void] = [
      { $0.add(name, 8, large) }, { $0.add(name, 10, []) }, { $0.add(name, 13, []) }, { $0.add(name, 9, list) },
      { $0.add(name, 9, GGUFBuilder.bytes(UInt32(8)) + large) },
      { $0.add(name, 9, GGUFBuilder.bytes(UInt32(10)) + GGUFBuilder.bytes(UInt64(1)) + large) },
      {
        $0.tensors[0].name = name; $0.tensors[0].type = 99
      },
      {
        $0.tensors[0].name = name; $0.data = 1
      },
    ]
    for (index, change) in changes.enumerated() {
      let message = try #require(error(change)?.message, "case \(index)")
      #expect(message.count < 500 && message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202E}" })
    }
  }

  @Test func everyPrefixIsAnError() throws {
    let bytes = try fixture()
    for count in 0..<4_000 {
      #expect(throws: GGUFError.self) { try header(Array(bytes.prefix(count))) }
    }
  }

  /// Random changes of a real header: read or refused, and what is read lies within the file.
  @Test func changedBytesNeverLeaveTheFile() throws {
    let original = try fixture()
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 4..<2_600, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let header = try? header(bytes) else { continue }
      for tensor in header.tensors.values {
        #expect(tensor.bytes.lowerBound >= 0 && tensor.bytes.upperBound <= bytes.count)
      }
    }
  }
}

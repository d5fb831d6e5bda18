internal import Failure

/// What stands in front of the numbers in a GGUF file, checked: keys with values, and where each tensor lies.
///
///     "GGUF"  u32 version = 3  u64 tensors  u64 keys
///     keys × { text name, u32 type, value }
///     tensors × { text name, u32 sides, u64 side × sides (the row's length first), u32 type, u64 offset }
///     padding to a multiple of `general.alignment` (32 where it is not given); offsets count from here
///
/// All integers have their least significant byte first; text is a u64 length and so many bytes. Source:
/// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
public struct GGUFHeader: Sendable {
  /// Values by key.
  public let values: [String: GGUFValue]
  /// Tensors by name.
  public let tensors: [String: GGUFTensor]

  private static let longestName = 65_535
  private static let mostSides = 4

  /// Reads and checks the header of the file with these bytes. Takes time and memory in proportion to the header's own
  /// length, whatever numbers it holds.
  ///
  /// - Throws: `GGUFError`, for whatever keeps a tensor from lying where it is said to.
  public init(_ bytes: RawSpan) throws(GGUFError) {
    var cursor = GGUFCursor(bytes)
    let magic: UInt32 = 0x4655_4747
    guard bytes.byteCount >= 4, try cursor.integer(UInt32.self, of: "its first bytes") == magic else { throw .notGGUF }
    let version = try cursor.integer(UInt32.self, of: "its version")
    guard version == 3 else { throw .unsupportedVersion(version) }
    let tensorCount = try cursor.count(of: "its tensors", size: Self.leastTensorBytes)
    let keyCount = try cursor.count(of: "its keys", size: 13)
    values = try Self.readValues(&cursor, count: keyCount)
    let entries = try Self.readEntries(&cursor, count: tensorCount)
    let alignment = try Self.alignment(values)
    let (padded, overflow) = cursor.offset.addingReportingOverflow(alignment - 1)
    guard !overflow else { throw .malformed("its alignment is \(alignment)") }
    let start = padded / alignment * alignment
    var tensors: [String: GGUFTensor] = [:]
    for entry in entries {
      let tensor = try entry.resolved(dataStart: start, alignment: alignment, fileSize: bytes.byteCount)
      guard tensors.updateValue(tensor, forKey: tensor.name) == nil else {
        throw .malformed("it has two tensors called \(tensor.name.quoted())")
      }
    }
    try Self.checkOverlaps(tensors.values)
    self.tensors = tensors
  }

  /// Tensors that share bytes would let a small file ask for much memory.
  private static func checkOverlaps(_ tensors: some Sequence<GGUFTensor>) throws(GGUFError) {
    let sorted = tensors.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
    for (tensor, next) in zip(sorted, sorted.dropFirst()) where tensor.bytes.upperBound > next.bytes.lowerBound {
      throw .malformed("tensors \(tensor.name.quoted()) and \(next.name.quoted()) share bytes")
    }
  }

  private static let leastTensorBytes = 8 + 4 + 8 + 4 + 8

  private static func readValues(_ cursor: inout GGUFCursor, count: Int) throws(GGUFError) -> [String: GGUFValue] {
    var values: [String: GGUFValue] = [:]
    for _ in 0..<count {
      let key = try cursor.name(of: "the name of a key", limit: longestName)
      guard try values.updateValue(cursor.value(of: key), forKey: key) == nil else {
        throw .malformed("it has the key \(key.quoted()) twice")
      }
    }
    return values
  }

  private static func readEntries(_ cursor: inout GGUFCursor, count: Int) throws(GGUFError) -> [Entry] {
    var entries: [Entry] = []
    for _ in 0..<count {
      let name = try cursor.name(of: "the name of a tensor", limit: longestName)
      let sides = try cursor.integer(UInt32.self, of: "a tensor's sides")
      guard sides >= 1, sides <= mostSides else {
        throw .malformed("tensor \(name.quoted()) has \(sides) sides")
      }
      var shape: [UInt64] = []
      for _ in 0..<sides { shape.append(try cursor.integer(UInt64.self, of: "a tensor's sides")) }
      entries.append(
        Entry(
          name: name, sides: shape, type: try cursor.integer(UInt32.self, of: "a tensor's type"),
          offset: try cursor.integer(UInt64.self, of: "a tensor's offset")))
    }
    return entries
  }

  private static func alignment(_ values: [String: GGUFValue]) throws(GGUFError) -> Int {
    guard let value = values["general.alignment"] else { return 32 }
    guard case .integer(let alignment) = value, alignment >= 1, alignment <= 1 << 20, alignment & (alignment - 1) == 0
    else {
      throw .wrongValue(key: "general.alignment", expected: "a power of two up to 1,048,576", found: value.kind)
    }
    return alignment
  }
}

/// A tensor as the header has it.
private struct Entry {
  let name: String
  /// The row's length first.
  let sides: [UInt64]
  let type: UInt32
  let offset: UInt64

  func resolved(dataStart: Int, alignment: Int, fileSize: Int) throws(GGUFError) -> GGUFTensor {
    guard let type = GGUFTensorType(rawValue: type) else {
      throw .unsupportedType(tensor: name, type: GGUFTensorType.name(ofNumber: self.type))
    }
    var shape: [Int] = []
    var numbers = 1
    for side in sides {
      let side = Int(clamping: side)
      let (product, overflow) = numbers.multipliedReportingOverflow(by: side)
      guard side > 0, !overflow else { throw malformed("has the sides \(sides)") }
      numbers = product
      shape.append(side)
    }
    guard let columns = shape.first, columns.isMultiple(of: type.blockNumbers) else {
      throw malformed("has rows of \(sides[0]) numbers, which are no whole blocks of \(type.blockNumbers)")
    }
    let (bytes, tooLarge) = (numbers / type.blockNumbers).multipliedReportingOverflow(by: type.blockBytes)
    guard !tooLarge else { throw malformed("has the sides \(sides)") }
    guard let offset = Int(exactly: offset), offset.isMultiple(of: alignment) else {
      throw malformed("begins at \(offset), which is no multiple of \(alignment)")
    }
    let (begin, beginOverflow) = dataStart.addingReportingOverflow(offset)
    let (end, endOverflow) = begin.addingReportingOverflow(bytes)
    guard !beginOverflow, !endOverflow, end <= fileSize else {
      throw .truncated(what: "tensor \(name.quoted())", offset: fileSize)
    }
    return GGUFTensor(name: name, shape: shape.reversed(), type: type, bytes: begin..<end)
  }

  private func malformed(_ reason: String) -> GGUFError { .malformed("tensor \(name.quoted()) \(reason)") }
}

/// A GGUF file in pieces, which can be put together again, rightly or with lies.
struct GGUFFile {
  /// A value of a key.
  struct Value {
    var name: [UInt8]
    var type: UInt32
    var content: Content
  }

  enum Content {
    case scalar([UInt8])
    case text([UInt8], announced: UInt64?)
    case list(element: UInt32, items: [[UInt8]], announced: UInt64?)
  }

  struct Tensor {
    var name: [UInt8]
    var sides: [UInt64]
    var type: UInt32
    var offset: UInt64
    /// The rank that the file states.
    var rank: UInt32?
  }

  var version: UInt32 = 3
  var values: [Value] = []
  var tensors: [Tensor] = []
  /// What the file announces, where that is not what it has.
  var tensorCount: UInt64?
  var valueCount: UInt64?
  /// What follows the header.
  var data: [UInt8] = []

  static let text: UInt32 = 8
  static let list: UInt32 = 9

  /// Bytes of a number, by its type.
  static func width(_ type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 10, 11, 12: 8
    default: nil
    }
  }

  static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func lengthAndBytes(_ text: [UInt8], _ announced: UInt64? = nil) -> [UInt8] {
    bytes(announced ?? UInt64(text.count)) + text
  }

  var bytes: [UInt8] {
    var bytes = Array("GGUF".utf8) + Self.bytes(version)
    bytes += Self.bytes(tensorCount ?? UInt64(tensors.count)) + Self.bytes(valueCount ?? UInt64(values.count))
    for value in values {
      bytes += Self.lengthAndBytes(value.name) + Self.bytes(value.type)
      switch value.content {
      case .scalar(let number): bytes += number
      case .text(let text, let announced): bytes += Self.lengthAndBytes(text, announced)
      case .list(let element, let items, let announced):
        bytes += Self.bytes(element) + Self.bytes(announced ?? UInt64(items.count))
        for item in items { bytes += element == Self.text ? Self.lengthAndBytes(item) : item }
      }
    }
    for tensor in tensors {
      bytes += Self.lengthAndBytes(tensor.name) + Self.bytes(tensor.rank ?? UInt32(tensor.sides.count))
      bytes += tensor.sides.flatMap { Self.bytes($0) } + Self.bytes(tensor.type) + Self.bytes(tensor.offset)
    }
    while !bytes.count.isMultiple(of: 32) { bytes.append(0) }
    return bytes + data
  }

  /// Adds what another file has, and in part replaces what this one has.
  mutating func takeOver(_ other: GGUFFile, using random: inout SeededRandom) {
    for value in other.values {
      if let index = values.firstIndex(where: { $0.name == value.name }) {
        if Bool.random(using: &random) { values[index] = value }
      } else {
        values.append(value)
      }
    }
    if tensors.isEmpty || Int.random(in: 0..<4, using: &random) == 0 { (tensors, data) = (other.tensors, other.data) }
  }
}

extension GGUFFile {
  /// The pieces of a file that is right as far as pieces go; `nil` for another.
  init?(_ bytes: [UInt8]) {
    var reader = Reader(bytes: bytes[...])
    guard reader.take(4).map(Array.init) == Array("GGUF".utf8), let version = reader.number(UInt32.self),
      let tensorCount = reader.number(UInt64.self), let valueCount = reader.number(UInt64.self)
    else { return nil }
    self.version = version
    while UInt64(values.count) < valueCount {
      guard let value = reader.value() else { return nil }
      values.append(value)
    }
    while UInt64(tensors.count) < tensorCount {
      guard let tensor = reader.tensor() else { return nil }
      tensors.append(tensor)
    }
    let header = bytes.count - reader.bytes.count
    data = Array(bytes.dropFirst((header + 31) / 32 * 32))
  }

  private struct Reader {
    var bytes: ArraySlice<UInt8>

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard count <= bytes.count else { return nil }
      defer { bytes = bytes.dropFirst(count) }
      return bytes.prefix(count)
    }

    mutating func number<T: FixedWidthInteger>(_ type: T.Type) -> T? {
      take(T.bitWidth / 8)?.reversed().reduce(T(0)) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }

    mutating func text() -> [UInt8]? {
      guard let count = number(UInt64.self).flatMap({ Int(exactly: $0) }) else { return nil }
      return take(count).map { Array($0) }
    }

    mutating func value() -> Value? {
      guard let name = text(), let type = number(UInt32.self), let content = content(type) else { return nil }
      return Value(name: name, type: type, content: content)
    }

    private mutating func content(_ type: UInt32) -> Content? {
      if type == GGUFFile.text { return text().map { .text($0, announced: nil) } }
      guard type == GGUFFile.list else {
        return GGUFFile.width(type).flatMap { take($0) }.map { .scalar(Array($0)) }
      }
      guard let element = number(UInt32.self), let count = number(UInt64.self) else { return nil }
      var items: [[UInt8]] = []
      while UInt64(items.count) < count {
        let item = element == GGUFFile.text ? text() : GGUFFile.width(element).flatMap { take($0) }.map { Array($0) }
        guard let item else { return nil }
        items.append(item)
      }
      return .list(element: element, items: items, announced: nil)
    }

    mutating func tensor() -> Tensor? {
      guard let name = text(), let rank = number(UInt32.self), rank <= 8 else { return nil }
      var sides: [UInt64] = []
      for _ in 0..<rank {
        guard let side = number(UInt64.self) else { return nil }
        sides.append(side)
      }
      guard let type = number(UInt32.self), let offset = number(UInt64.self) else { return nil }
      return Tensor(name: name, sides: sides, type: type, offset: offset)
    }
  }
}

/// Writes GGUF files byte by byte, right ones and wrong ones.
struct GGUFBuilder {
  struct Tensor {
    var name = "t"
    var sides: [UInt64] = [32, 2]
    var type: UInt32 = 0
    var offset: UInt64 = 0
  }

  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  /// What the file announces; what it has, if `nil`.
  var tensorCount: UInt64?
  var keyCount: UInt64?
  /// Name, type, bytes of the value.
  var values: [(name: [UInt8], type: UInt32, bytes: [UInt8])] = []
  var tensors: [Tensor] = []
  var alignment = 32
  /// Bytes of numbers.
  var data = 256

  var bytes: [UInt8] {
    var bytes = magic + Self.bytes(version)
    bytes += Self.bytes(tensorCount ?? UInt64(tensors.count)) + Self.bytes(keyCount ?? UInt64(values.count))
    for value in values { bytes += Self.text(value.name) + Self.bytes(value.type) + value.bytes }
    for tensor in tensors {
      bytes += Self.text(Array(tensor.name.utf8)) + Self.bytes(UInt32(tensor.sides.count))
      bytes += tensor.sides.flatMap { Self.bytes($0) } + Self.bytes(tensor.type) + Self.bytes(tensor.offset)
    }
    while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
    return bytes + [UInt8](repeating: 0, count: data)
  }

  mutating func add(_ name: String, _ type: UInt32, _ bytes: [UInt8]) {
    values.append((Array(name.utf8), type, bytes))
  }

  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func text(_ text: [UInt8]) -> [UInt8] { bytes(UInt64(text.count)) + text }
}

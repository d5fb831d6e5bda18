import JSONText

/// One safetensors file: 8 bytes of header length (least significant first), the header in JSON, and the numbers.
///
/// The header is checked whole before anything is lent: every tensor's bytes must have the size of its shape, and
/// together they must cover the rest of the file without gap or overlap, as the format demands.
struct SafetensorsFile: Sendable {
  /// A tensor as the header has it; its bytes lie in the file at `bytes`.
  struct Tensor: Equatable, Sendable {
    let element: String
    let shape: [Int]
    let bytes: Range<Int>
  }

  let name: String
  let file: FileBytes
  let tensors: [String: Tensor]

  /// Longest header that the format allows, in bytes.
  private static let headerLimit = 100_000_000

  /// Reads and checks the header of `file`.
  ///
  /// - Throws: `EngineError.truncatedWeights`, `EngineError.malformedWeights`.
  init(_ file: FileBytes, name: String) throws(EngineError) {
    self.name = name
    self.file = file
    let headerLength = try Self.headerLength(of: file, name: name)
    let dataStart = 8 + headerLength
    let header = try Self.header(in: file, length: headerLength, name: name)
    var tensors: [String: Tensor] = [:]
    for (tensor, entry) in header {
      tensors[tensor] = try entry.resolved(tensor: tensor, dataStart: dataStart, file: name)
    }
    self.tensors = tensors
    try checkCoverage(from: dataStart)
  }

  private static func headerLength(of file: FileBytes, name: String) throws(EngineError) -> Int {
    guard file.count >= 8 else { throw .truncatedWeights(file: name, expectedBytes: 8, actualBytes: file.count) }
    let length = unsafe UInt64(littleEndian: file.bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
    guard length <= headerLimit else {
      throw .malformedWeights(file: name, reason: "its header is said to be \(length) bytes long")
    }
    guard file.count - 8 >= Int(length) else {
      throw .truncatedWeights(file: name, expectedBytes: 8 + Int(length), actualBytes: file.count)
    }
    return Int(length)
  }

  private static func header(
    in file: FileBytes, length: Int, name: String
  ) throws(EngineError) -> [String: Entry] {
    do {
      var header: [String: Entry] = [:]
      var reader = try JSONReader(file.copy(of: 8..<8 + length))
      try reader.enterObject()
      while let tensor = try reader.nextKey() {
        if tensor == "__metadata__" {
          try reader.skipValue()
        } else {
          header[tensor] = try Entry(&reader)
        }
      }
      try reader.finish()
      return header
    } catch {
      throw .malformedWeights(file: name, reason: "its header is no table of tensors in JSON: \(error)")
    }
  }

  private func checkCoverage(from dataStart: Int) throws(EngineError) {
    var end = dataStart
    for (tensor, entry) in tensors.sorted(by: {
      ($0.value.bytes.lowerBound, $0.key) < ($1.value.bytes.lowerBound, $1.key)
    }) {
      guard entry.bytes.lowerBound == end || entry.bytes.isEmpty else {
        throw .malformedWeights(file: name, reason: "the bytes of `\(tensor)` do not follow those before them")
      }
      end = max(end, entry.bytes.upperBound)
    }
    guard end <= file.count else {
      throw .truncatedWeights(file: name, expectedBytes: end, actualBytes: file.count)
    }
    guard end == file.count else {
      throw .malformedWeights(file: name, reason: "\(file.count - end) bytes at its end belong to no tensor")
    }
  }
}

/// A header's entry as it stands.
private struct Entry {
  private var type: String?
  private var shape: [Int]?
  private var offsets: [Int]?

  /// Reads the object that comes next.
  init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.enterObject()
    while let key = try reader.nextKey() {
      switch key {
      case "dtype": type = try reader.readString()
      case "shape": shape = try Self.integers(&reader)
      case "data_offsets": offsets = try Self.integers(&reader)
      default: try reader.skipValue()
      }
    }
  }

  private static func integers(_ reader: inout JSONReader) throws(JSONError) -> [Int] {
    var integers: [Int] = []
    try reader.enterArray()
    while try reader.nextElement() { integers.append(try reader.readInteger()) }
    return integers
  }

  func resolved(tensor: String, dataStart: Int, file: String) throws(EngineError) -> SafetensorsFile.Tensor {
    func malformed(_ reason: String) -> EngineError {
      .malformedWeights(file: file, reason: "tensor `\(tensor)` \(reason)")
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw malformed("lacks `dtype`, `shape` or `data_offsets`")
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin >= 0, begin <= end, !end.addingReportingOverflow(dataStart).overflow else {
      throw malformed("has the offsets \(offsets)")
    }
    var size = 1
    for side in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: side)
      guard side >= 0, !overflow else { throw malformed("has the shape \(shape)") }
      size = product
    }
    if let element = WeightElement(safetensorsName: type) {
      let (bytes, overflow) = size.multipliedReportingOverflow(by: element.rowBytes(columns: 1))
      guard !overflow, bytes == end - begin else {
        throw malformed("of shape \(shape) and type `\(type)` takes \(end - begin) bytes")
      }
    }
    return SafetensorsFile.Tensor(element: type, shape: shape, bytes: dataStart + begin..<dataStart + end)
  }
}

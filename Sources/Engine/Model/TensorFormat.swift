internal import GGUF

/// The tensors of a model whose numbers have one type, taken together.
public struct TensorFormat: Equatable, Encodable, Sendable {
  /// The type's name, as files have it: `BF16`, `Q4_K`.
  public let name: String
  /// How many tensors have it.
  public private(set) var tensors = 0
  /// How many numbers these hold together.
  public private(set) var numbers = 0
  /// How many bytes these take together.
  public private(set) var byteCount = 0

  private enum CodingKeys: String, CodingKey {
    case name, tensors, numbers
    case byteCount = "bytes"
  }

  fileprivate mutating func add(shape: [Int], byteCount: Int) {
    tensors += 1
    // A tensor that takes no bytes may have any shape.
    let (sum, overflows) = numbers.addingReportingOverflow(shape.reduce(1, *))
    numbers = overflows ? .max : sum
    self.byteCount += byteCount
  }
}

extension ModelFiles {
  /// The types of numbers that the model's tensors have, those with most bytes first. Reads headers only.
  ///
  /// - Throws: `EngineError` for weights that are missing or malformed.
  public func tensorFormats() throws(EngineError) -> [TensorFormat] {
    var formats: [String: TensorFormat] = [:]
    func add(_ name: String, _ shape: [Int], _ byteCount: Int) {
      formats[name, default: TensorFormat(name: name)].add(shape: shape, byteCount: byteCount)
    }
    if let gguf {
      for part in gguf.parts {
        for tensor in part.tensors.values { add(tensor.type.name, tensor.shape, tensor.bytes.count) }
      }
    } else {
      for shard in try ModelWeights(files: self).shards.values {
        for tensor in shard.tensors.values { add(tensor.element, tensor.shape, tensor.bytes.count) }
      }
    }
    return formats.values.sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
  }
}

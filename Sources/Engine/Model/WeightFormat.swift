public import ContentHash

/// What weights are multiplied in.
public enum WeightFormat: String, CaseIterable, Codable, Sendable {
  /// As the checkpoint stores them.
  case stored
  /// Eight bits, with a scale for each 64 numbers of a row; activations are rounded alike in passes of many tokens.
  case q8

  /// The fingerprint of a model whose weights are multiplied in this format, as the states depend on it.
  public func fingerprint(of model: SHA256Digest) -> SHA256Digest {
    guard self != .stored else { return model }
    var hasher = SHA256Hasher()
    hasher.update("weights \(rawValue) \(QuantizedFile.version)")
    hasher.update(model)
    return hasher.finalize()
  }
}

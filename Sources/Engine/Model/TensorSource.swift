/// Where a decoder's tensors are found, by the names that Hugging Face gives them.
protocol TensorSource: Sendable {
  /// The matrix called `tensor`, which must have this shape.
  ///
  /// - Throws: `EngineError.missingTensor`, `.wrongShape`, `.unsupportedElement`.
  func matrix(_ tensor: String, rows: Int, columns: Int) throws(EngineError) -> WeightMatrix

  /// The vector called `tensor`, which must have `count` numbers, in single precision.
  ///
  /// - Throws: `EngineError.missingTensor`, `.wrongShape`, `.unsupportedElement`.
  func vector(_ tensor: String, count: Int) throws(EngineError) -> [Float]
}

extension ModelFiles {
  /// The tensors of these files, for a decoder with this configuration.
  func tensors(for configuration: ModelConfiguration) throws(EngineError) -> any TensorSource {
    if let gguf { return try GGUFWeights(gguf, configuration) }
    return try ModelWeights(files: self)
  }
}

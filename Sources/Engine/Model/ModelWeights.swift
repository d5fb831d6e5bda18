/// All tensors of a model: of `model.safetensors`, or of the shards that `model.safetensors.index.json` names.
struct ModelWeights: TensorSource {
  private let location: String
  let shards: [String: SafetensorsFile]
  private let shardOfTensor: [String: String]

  static let singleFile = "model.safetensors"
  static let indexFile = "model.safetensors.index.json"

  /// Maps the weight files of `files` and checks their headers.
  ///
  /// - Throws: `EngineError.missingFile`, and what `SafetensorsFile` throws.
  init(files: some ModelFiles) throws(EngineError) {
    location = files.location
    if let single = try files.file(Self.singleFile) {
      let shard = try SafetensorsFile(single, name: Self.singleFile)
      shards = [Self.singleFile: shard]
      shardOfTensor = shard.tensors.mapValues { _ in Self.singleFile }
      return
    }
    guard let index = try files.file(Self.indexFile) else { throw Self.missingWeights(in: files) }
    shardOfTensor = try Self.weightMap(index)
    var shards: [String: SafetensorsFile] = [:]
    for name in Set(shardOfTensor.values).sorted() {
      shards[name] = try SafetensorsFile(try files.requiredFile(name), name: name)
    }
    self.shards = shards
  }

  /// The error for files without weights that can be read; it names those that are there.
  static func missingWeights(in files: some ModelFiles) -> EngineError {
    let others = [
      ".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".h5", ".msgpack", ".gguf", ".onnx", ".bin.index.json",
    ]
    let found = others.lazy.compactMap { suffix in
      files.names.first { $0.hasSuffix(suffix) && $0 != "training_args.bin" }
    }.first
    if let found { return .otherWeights(found: found, location: files.location) }
    return .missingFile(name: singleFile, location: files.location)
  }

  private static func weightMap(_ file: FileBytes) throws(EngineError) -> [String: String] {
    let index = try ConfigurationReader(parsing: file, name: indexFile)
    guard let map = try index.object("weight_map") else {
      throw .malformedConfiguration(file: indexFile, reason: "no `weight_map` in it")
    }
    var shardOfTensor: [String: String] = [:]
    for tensor in map.values.keys {
      shardOfTensor[tensor] = try map.string(tensor)
    }
    return shardOfTensor
  }

  /// Whether there is a tensor of that name.
  func contains(_ tensor: String) -> Bool { shardOfTensor[tensor] != nil }

  /// The matrix called `tensor`, which must have this shape.
  ///
  /// - Throws: `EngineError.missingTensor`, `.wrongShape`, `.unsupportedElement`.
  func matrix(_ tensor: String, rows: Int, columns: Int) throws(EngineError) -> WeightMatrix {
    let (shard, entry, element) = try find(tensor, shape: [rows, columns])
    return WeightMatrix(
      file: shard.file, offset: entry.bytes.lowerBound, element: element, rows: rows, columns: columns)
  }

  /// The vector called `tensor`, which must have `count` numbers, in single precision.
  ///
  /// - Throws: `EngineError.missingTensor`, `.wrongShape`, `.unsupportedElement`.
  func vector(_ tensor: String, count: Int) throws(EngineError) -> [Float] {
    let (shard, entry, element) = try find(tensor, shape: [count])
    let matrix = WeightMatrix(
      file: shard.file, offset: entry.bytes.lowerBound, element: element, rows: 1, columns: count)
    return matrix.row(0)
  }

  /// The tensor that a checkpoint has in the place of `tensor` if it was quantised by one of the usual ways.
  private func quantizedForm(of tensor: String) -> String? {
    guard tensor.hasSuffix(".weight") else { return nil }
    let stem = tensor.dropLast(".weight".count)
    return ["qweight", "weight_packed", "weight_quantized", "B", "weight.absmax"].map { "\(stem).\($0)" }
      .first { shardOfTensor[$0] != nil }
  }

  private func find(
    _ tensor: String, shape: [Int]
  ) throws(EngineError) -> (SafetensorsFile, SafetensorsFile.Tensor, WeightElement) {
    guard let name = shardOfTensor[tensor], let shard = shards[name], let entry = shard.tensors[tensor] else {
      if let form = quantizedForm(of: tensor) { throw .quantizedCheckpoint(method: form) }
      throw .missingTensor(name: tensor, location: location)
    }
    guard entry.shape == shape else {
      throw .wrongShape(tensor: tensor, expected: shape, found: entry.shape)
    }
    guard let element = WeightElement(safetensorsName: entry.element) else {
      throw .unsupportedElement(
        tensor: tensor, found: entry.element, supported: WeightElement.stored.map(\.rawValue))
    }
    return (shard, entry, element)
  }
}

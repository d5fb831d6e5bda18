internal import GGUF

/// The tensors of a GGUF file under the names of a checkpoint.
struct GGUFWeights: TensorSource {
  private let model: GGUFModel
  private let architecture: GGUFArchitecture
  private let decoder: DecoderDescription

  /// - Throws: `EngineError.unsupportedArchitecture`.
  init(_ model: GGUFModel, _ configuration: ModelConfiguration) throws(EngineError) {
    self.model = model
    architecture = try model.architecture()
    decoder = configuration.decoder
  }

  func matrix(_ tensor: String, rows: Int, columns: Int) throws(EngineError) -> WeightMatrix {
    let (part, entry) = try find(tensor, shape: [rows, columns])
    let matrix = WeightMatrix(
      file: part.file, offset: entry.bytes.lowerBound, element: WeightElement(entry.type), rows: rows, columns: columns)
    guard architecture.hasNeighbouringPairs, let order = halvesFirst(tensor, rows: rows) else { return matrix }
    // The rows in the file's order are not read again.
    defer { matrix.release() }
    return try matrix.reordered(order)
  }

  func vector(_ tensor: String, count: Int) throws(EngineError) -> [Float] {
    let (part, entry) = try find(tensor, shape: [count])
    var numbers = WeightMatrix(
      file: part.file, offset: entry.bytes.lowerBound, element: WeightElement(entry.type), rows: 1, columns: count
    ).row(0)
    if architecture.hasNeighbouringPairs, let order = halvesFirst(tensor, rows: count) {
      numbers = order.map { numbers[$0] }
    }
    if architecture.hasWholeNormWeights, tensor.hasSuffix("norm.weight") {
      for index in numbers.indices { numbers[index] -= 1 }
    }
    return numbers
  }

  private func find(_ tensor: String, shape: [Int]) throws(EngineError) -> (GGUFModel.Part, GGUFTensor) {
    let name = architecture.name(of: tensor) ?? tensor
    guard let part = model.partOfTensor[name], let entry = model.parts[part].tensors[name] else {
      throw .missingTensor(name: name, location: model.location)
    }
    guard entry.shape == shape else { throw .wrongShape(tensor: name, expected: shape, found: entry.shape) }
    return (model.parts[part], entry)
  }

  /// For each row of queries or keys as a checkpoint has it, the row of the file: of the pairs of a head, first all first
  /// halves, then all second ones. `nil` for a tensor that is neither.
  private func halvesFirst(_ tensor: String, rows: Int) -> [Int]? {
    let isKey = tensor.contains(".k_proj.")
    guard isKey || tensor.contains(".q_proj.") else { return nil }
    let size = rows / (isKey ? decoder.keyValueHeads : decoder.queryHeads)
    let half = size / 2
    return (0..<rows).map { row in
      let place = row % size
      return row - place + (place < half ? 2 * place : 2 * (place - half) + 1)
    }
  }
}

extension WeightElement {
  /// The type of numbers that a GGUF file holds.
  init(_ type: GGUFTensorType) {
    self =
      switch type {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      case .q4_0: .q4_0
      case .q4_1: .q4_1
      case .q5_0: .q5_0
      case .q5_1: .q5_1
      case .q8_0: .q8_0
      case .iq4_nl: .iq4_nl
      case .q4_K: .q4_K
      case .q5_K: .q5_K
      case .q6_K: .q6_K
      }
  }
}

extension WeightMatrix {
  /// A copy with its rows in another order; row i of it is row `order[i]` of this one. Rows are copied as they lie, so that
  /// blocks stay as they are.
  fileprivate func reordered(_ order: [Int]) throws(EngineError) -> WeightMatrix {
    let rowBytes = rowBytes
    let copy = unsafe try FileBytes(byteCount: rows * rowBytes) { destination in
      for (index, row) in order.enumerated() {
        unsafe withPointers(row: row, count: 1) { source, _ in
          unsafe UnsafeMutableRawBufferPointer(rebasing: destination[index * rowBytes..<(index + 1) * rowBytes])
            .copyMemory(from: UnsafeRawBufferPointer(start: source, count: rowBytes))
        }
      }
    }
    return WeightMatrix(file: copy, offset: 0, element: element, rows: rows, columns: columns)
  }
}

extension GGUFModel {
  /// Whether it has tensors with a turned form that this CPU multiplies faster.
  var hasTensorsToTurn: Bool {
    parts.contains { part in part.tensors.values.contains { TurnedFile.isWanted(WeightElement($0.type)) } }
  }
}

import CKernels
import COpenBLAS

/// Activations that weights are about to be multiplied with: as they lie, or packed for the kernel.
private struct Operand {
  /// Which kernel takes them.
  enum Kernel {
    /// Few rows: as they lie, or packed for weights of a few bits.
    case few
    /// Many rows, packed.
    case many
    /// Many rows, as they lie, for OpenBLAS.
    case blas
  }

  let matrix: Matrix
  let kernel: Kernel
  let packed: FloatMemory?
}

/// The same activations for weights of each type that they are about to meet: layers of GGUF files mix types.
private struct Operands {
  let matrix: Matrix
  private var plain: Operand?
  private var groups: Operand?
  private var blocks: Operand?

  init(_ matrix: Matrix) { self.matrix = matrix }

  subscript(form: WeightElement.ActivationForm) -> Operand? {
    get {
      switch form {
      case .plain: plain
      case .groups: groups
      case .blocks: blocks
      }
    }
    set {
      switch form {
      case .plain: plain = newValue
      case .groups: groups = newValue
      case .blocks: blocks = newValue
      }
    }
  }

  /// The activations for the weights of `linear`.
  ///
  /// - Precondition: they were made ready for weights of its type.
  func operand(for linear: Linear) -> Operand {
    guard let operand = self[linear.weight.element.activationForm] else {
      preconditionFailure("made ready for other weights than those of \(linear.name)")
    }
    return operand
  }
}

/// One product: activations · Wᵀ + b, written to `output` or added to it.
struct Product {
  let linear: Linear
  let output: Matrix
  var adding = false
}

extension Compute {
  /// Weight rows of a task; the kernel works on so many at a time.
  private static let panelRows = ck_product_panel_rows()
  /// The same of weights in their turned form: whole panels of these.
  private static let turnedPanelRows = panelRows / 16 * 16
  /// Weight bytes of a task where reading them is what takes the time.
  private static let taskBytes = 1 << 17
  /// Weight rows that the kernel of few rows may take at a time.
  private static let fewPanelRows = 16
  /// Numbers of a tile of weights that is converted for OpenBLAS: a quarter of a megabyte stays in the cache.
  private static let tileNumbers = 1 << 16

  /// Makes the activations ready for products with `linear` too. They hold until the next call for others.
  private func prepare(_ x: inout Operands, for linear: Linear, packs: Bool) throws(EngineError) {
    let element = linear.weight.element
    guard x[element.activationForm] == nil else { return }
    x[element.activationForm] = try operand(x.matrix, for: element, packs: packs)
  }

  private func operand(_ x: Matrix, for element: WeightElement, packs: Bool) throws(EngineError) -> Operand {
    let form = element.activationForm
    if !packs {
      return Operand(matrix: x, kernel: .few, packed: form == .plain ? nil : try packFewRows(x, for: element))
    }
    if usesBLAS && form == .plain { return Operand(matrix: x, kernel: .blas, packed: nil) }
    return Operand(matrix: x, kernel: .many, packed: try packRows(x, for: element))
  }

  private func packFewRows(_ x: Matrix, for element: WeightElement) throws(EngineError) -> FloatMemory {
    let kernelElement = element.kernelElement
    let packed = try packedMemory(element, byteCount: ck_few_packed_bytes(kernelElement, x.rows, x.columns))
    unsafe ck_pack_few_rows(kernelElement, x.pointer(row: 0), x.stride, x.rows, x.columns, packed.base)
    return packed
  }

  private func packRows(_ x: Matrix, for element: WeightElement) throws(EngineError) -> FloatMemory {
    let packed = try packedMemory(element, byteCount: ck_packed_bytes(element.kernelElement, x.rows, x.columns))
    let step = 64  // what the kernel asks for
    pool.run((x.columns + step - 1) / step) { task, _ in
      unsafe ck_pack_rows(
        element.kernelElement, x.pointer(row: 0), x.stride, x.rows, x.columns, task * step,
        min((task + 1) * step, x.columns), packed.base)
    }
    return packed
  }

  private func packedMemory(_ element: WeightElement, byteCount: Int) throws(EngineError) -> FloatMemory {
    let slot: Workspace.Slot =
      switch element.activationForm {
      case .plain: .packed
      case .groups: .packedGroups
      case .blocks: .packedBlocks
      }
    return try workspace.matrix(slot, rows: 1, columns: (byteCount + 3) / 4).memory
  }

  /// Carries out products with the same activations, sharing out their weight rows.
  ///
  /// - Parameter packs: whether to pack the rows; otherwise activations keep sixteen bits or more, and a row's result has
  ///   the bits that it has alone.
  func multiply(_ activations: Matrix, packs: Bool, _ products: [Product]) throws(EngineError) {
    guard activations.rows > 0 else { return }
    var x = Operands(activations)
    for product in products { try prepare(&x, for: product.linear, packs: packs) }
    try multiply(x, products)
  }

  private func multiply(_ x: Operands, _ products: [Product]) throws(EngineError) {
    var tasks: [(product: Product, outputs: Range<Int>)] = []
    for product in products {
      let weight = product.linear.weight
      precondition(
        x.matrix.columns == weight.columns && product.output.columns == weight.rows
          && product.output.rows == x.matrix.rows, "shapes do not match")
      let step = outputsPerTask(weight, x.operand(for: product.linear))
      for start in stride(from: 0, to: weight.rows, by: step) {
        tasks.append((product, start..<min(start + step, weight.rows)))
      }
    }
    try unsafe run(tasks.count, scratch: scratchNumbers(x)) { task, scratch in
      let (product, outputs) = tasks[task]
      unsafe multiply(
        x.operand(for: product.linear), product.linear, outputs, into: product.output.columns(outputs),
        adding: product.adding, scratch: scratch)
    }
  }

  /// y += x · Wᵀ + b.
  func add(_ x: Matrix, packs: Bool, times linear: Linear, to y: Matrix) throws(EngineError) {
    try multiply(x, packs: packs, [Product(linear: linear, output: y, adding: true)])
  }

  /// y = activation(x · gateᵀ) · (x · upᵀ), number by number, or activation(x · upᵀ) without a gate.
  ///
  /// The activation goes over each part of the product while it is in the cache.
  func multiply(
    _ activations: Matrix, packs: Bool, gate: Linear?, up: Linear, activation: Activation, into y: Matrix
  ) throws(EngineError) {
    guard activations.rows > 0 else { return }
    var operands = Operands(activations)
    try prepare(&operands, for: up, packs: packs)
    if let gate { try prepare(&operands, for: gate, packs: packs) }
    let (x, rows) = (operands, activations.rows)
    // Of both, where one of them alone is in panels.
    let step = min(
      outputsPerTask(up.weight, x.operand(for: up)),
      gate.map { outputsPerTask($0.weight, x.operand(for: $0)) } ?? .max)
    let productNumbers = scratchNumbers(x)
    let tasks = (up.weight.rows + step - 1) / step
    try unsafe run(tasks, scratch: productNumbers + (gate == nil ? 0 : rows * step)) { task, scratch in
      let outputs = task * step..<min((task + 1) * step, up.weight.rows)
      let part = y.columns(outputs)
      unsafe multiply(x.operand(for: up), up, outputs, into: part, adding: false, scratch: scratch)
      guard let gate else {
        for row in 0..<rows { unsafe activation.apply(part.pointer(row: row), count: outputs.count) }
        return
      }
      let gated = unsafe scratch + productNumbers
      unsafe multiply(
        x.operand(for: gate), gate, outputs, output: gated, stride: outputs.count, adding: false, scratch: scratch)
      for row in 0..<rows {
        unsafe activation.apply(
          gated + row * outputs.count, multiplying: part.pointer(row: row), count: outputs.count)
      }
    }
  }

  private func outputsPerTask(_ weight: WeightMatrix, _ x: Operand) -> Int {
    switch x.kernel {
    case .few: outputsPerTaskOfFew(weight)
    case .many: weight.isTurned ? Self.turnedPanelRows : Self.panelRows
    case .blas: Self.blasTileRows(columns: weight.columns)
    }
  }

  /// Of so many that no thread waits for another one's last: each gets as many tasks, of about the same size.
  private func outputsPerTaskOfFew(_ weight: WeightMatrix) -> Int {
    let most = max(Self.taskBytes / weight.rowBytes, 1)
    let rounds = (weight.rows + most * pool.threads - 1) / (most * pool.threads)
    let even = (weight.rows + rounds * pool.threads - 1) / (rounds * pool.threads)
    return (even + Self.fewPanelRows - 1) / Self.fewPanelRows * Self.fewPanelRows
  }

  private static func blasTileRows(columns: Int) -> Int { max(tileNumbers / columns / 16, 1) * 16 }

  /// Numbers of scratch, a multiple of 16, that one task's product takes.
  private func scratchNumbers(_ x: Operands) -> Int {
    var most = 0
    for form in WeightElement.ActivationForm.allCases {
      if let operand = x[form] { most = max(most, scratchNumbers(operand)) }
    }
    return most
  }

  private func scratchNumbers(_ x: Operand) -> Int {
    switch x.kernel {
    case .few: 0
    case .many: (ck_product_scratch_bytes(x.matrix.rows) + 63) / 64 * 16
    case .blas: Self.blasTileRows(columns: x.matrix.columns) * x.matrix.columns
    }
  }

  private func multiply(
    _ x: Operand, _ linear: Linear, _ outputs: Range<Int>, into y: Matrix, adding: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    unsafe multiply(
      x, linear, outputs, output: y.pointer(row: 0), stride: y.stride, adding: adding, scratch: scratch)
  }

  /// The product's columns `outputs`, the first of them at `output`, rows `stride` numbers apart.
  private func multiply(
    _ x: Operand, _ linear: Linear, _ outputs: Range<Int>, output: UnsafeMutablePointer<Float>, stride: Int,
    adding: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    let (weight, matrix) = (linear.weight, x.matrix)
    unsafe linear.withPointers(outputs) { weights, scales, bias in
      switch x.kernel {
      case .many:
        var call = unsafe ck_product_call(
          element: weight.element.kernelElement, is_turned: weight.isTurned, weights: weights, scales: scales,
          columns: weight.columns, packed: x.packed?.base,
          rows: matrix.rows, bias: bias, adding: adding, output: output, output_stride: stride, scratch: scratch)
        unsafe ck_product(&call, 0, outputs.count)
      case .few:
        var call = unsafe ck_few_rows_call(
          element: weight.element.kernelElement, is_turned: weight.isTurned, weights: weights, scales: scales,
          columns: weight.columns, x: matrix.pointer(row: 0), x_stride: matrix.stride, packed: x.packed?.base,
          rows: matrix.rows, bias: bias, adding: adding, output: output, output_stride: stride)
        unsafe ck_few_rows(&call, 0, outputs.count)
      case .blas:
        // OpenBLAS, for CPUs that the kernels have no vectors for: weights are converted tile by tile.
        if let bias = unsafe bias {
          unsafe spread(bias, count: outputs.count, over: output, rows: matrix.rows, stride: stride, adding: adding)
        }
        unsafe ck_to_f32(weight.element.kernelElement, weights, outputs.count * weight.columns, scratch)
        unsafe openblas_product(
          CInt(matrix.rows), CInt(outputs.count), CInt(matrix.columns), matrix.pointer(row: 0), CInt(matrix.stride),
          scratch, adding || linear.bias != nil, output, CInt(stride))
      }
    }
  }

  private func spread(
    _ bias: UnsafePointer<Float>, count: Int, over output: UnsafeMutablePointer<Float>, rows: Int, stride: Int,
    adding: Bool
  ) {
    for row in 0..<rows {
      if adding {
        unsafe ck_add(bias, count, output + row * stride)
      } else {
        unsafe (output + row * stride).update(from: bias, count: count)
      }
    }
  }
}

extension Linear {
  /// Lends the weights, their scales and the bias (or null pointers), from the first of `outputs` on.
  fileprivate func withPointers(
    _ outputs: Range<Int>, _ body: (UnsafeRawPointer, UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
  ) {
    unsafe weight.withPointers(row: outputs.lowerBound, count: outputs.count) { weights, scales in
      if let bias {
        unsafe bias.withUnsafeBufferPointer { bias in
          unsafe body(weights, scales, bias.baseAddress.map { unsafe $0 + outputs.lowerBound })
        }
      } else {
        unsafe body(weights, scales, nil)
      }
    }
  }
}

import CKernels

/// A matrix of weights, (rows, columns) row-major, in the type in which it is multiplied, where it lies in memory.
@safe struct WeightMatrix: Sendable {
  let file: FileBytes
  /// Where it begins in the file, in bytes; any alignment.
  let offset: Int
  /// Where its scales begin, for weights of eight bits.
  let scalesOffset: Int?
  let element: WeightElement
  /// Whether it is in its turned form: in panels of rows, as `ck_turn_weights` makes them.
  let isTurned: Bool
  /// Outputs of a product with it.
  let rows: Int
  /// Inputs of a product with it.
  let columns: Int

  /// - Precondition: it lies within the file, and has scales if its type has.
  init(file: FileBytes, offset: Int, scalesOffset: Int? = nil, element: WeightElement, rows: Int, columns: Int) {
    let end = offset + rows * element.rowBytes(columns: columns)
    precondition(offset >= 0 && end <= file.count, "weights leave their file")
    precondition((scalesOffset != nil) == (element == .q8), "scales belong to weights of eight bits")
    if let scalesOffset {
      let scales = rows * ck_q8_row_scales(columns) * MemoryLayout<Float>.stride
      precondition(scalesOffset >= 0 && scalesOffset + scales <= file.count, "scales leave their file")
    }
    self.file = file
    self.offset = offset
    self.scalesOffset = scalesOffset
    self.element = element
    isTurned = false
    self.rows = rows
    self.columns = columns
  }

  /// The turned form of `matrix`, at `offset` of a file.
  ///
  /// - Precondition: it has one, and it lies within the file.
  init(turned matrix: WeightMatrix, file: FileBytes, offset: Int) {
    let size = matrix.turnedSize
    precondition(offset >= 0 && offset + size.panels * size.panelBytes <= file.count, "weights leave their file")
    self.file = file
    self.offset = offset
    scalesOffset = nil
    element = matrix.element
    isTurned = true
    rows = matrix.rows
    columns = matrix.columns
  }

  /// Panels that it has in its turned form, and bytes of each.
  ///
  /// - Precondition: it has one.
  var turnedSize: (panels: Int, panelBytes: Int) {
    let panelRows = ck_turned_rows(element.kernelElement)
    precondition(panelRows > 0, "\(element.rawValue) has no turned form")
    return ((rows + panelRows - 1) / panelRows, ck_turned_panel_bytes(element.kernelElement, columns))
  }

  /// Bytes of a row, scales aside.
  var rowBytes: Int { element.rowBytes(columns: columns) }

  /// Bytes of all of it, scales aside.
  private var byteCount: Int {
    isTurned ? turnedSize.panels * turnedSize.panelBytes : rows * rowBytes
  }

  /// Some rows of it, where they lie.
  ///
  /// - Precondition: it is a matrix as it is stored, and has these rows.
  func rows(_ range: Range<Int>) -> WeightMatrix {
    precondition(scalesOffset == nil && !isTurned && range.upperBound <= rows, "rows \(range) of \(rows)")
    return WeightMatrix(
      file: file, offset: offset + range.lowerBound * rowBytes, element: element, rows: range.count, columns: columns)
  }

  /// Asks for the weights ahead of their use.
  func willNeed() {
    unsafe withPointers(row: 0, count: rows) { weights, _ in
      unsafe Residency.willNeed(weights, byteCount: byteCount)
    }
  }

  /// Lets go of the memory of weights that are mapped and not wanted soon.
  func release() {
    guard file.identity != nil else { return }
    unsafe withPointers(row: 0, count: rows) { weights, _ in
      unsafe Residency.release(weights, byteCount: byteCount)
    }
  }

  /// Row `row` in single precision, of a matrix as it is stored.
  func row(_ row: Int) -> [Float] {
    unsafe Array(unsafeUninitializedCapacity: columns) { buffer, count in
      if let base = buffer.baseAddress { unsafe convert(row: row, into: base) }
      count = columns
    }
  }

  /// Writes row `row` in single precision, of a matrix as it is stored.
  func convert(row: Int, into destination: UnsafeMutablePointer<Float>) {
    unsafe withPointers(row: row, count: 1) { weights, _ in
      unsafe ck_to_f32(element.kernelElement, weights, columns, destination)
    }
  }

  /// Lends the bytes of `count` rows from `row` on, and their scales or a null pointer. Turned, `row` begins a panel.
  func withPointers(
    row: Int, count: Int, _ body: (_ weights: UnsafeRawPointer, _ scales: UnsafePointer<Float>?) -> Void
  ) {
    precondition(row >= 0 && count >= 0 && row + count <= rows, "rows \(row)..<\(row + count) of \(rows)")
    unsafe file.bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let scales = unsafe scalesOffset.map {
        unsafe (base + $0).assumingMemoryBound(to: Float.self) + row * ck_q8_row_scales(columns)
      }
      guard isTurned else { return unsafe body(base + offset + row * rowBytes, scales) }
      let panelRows = ck_turned_rows(element.kernelElement)
      precondition(panelRows > 0 && row.isMultiple(of: panelRows), "row \(row) begins no panel")
      unsafe body(base + offset + row / panelRows * turnedSize.panelBytes, scales)
    }
  }
}

/// y = x · Wᵀ + b, as checkpoints store it.
struct Linear: Sendable {
  /// What the checkpoint calls it.
  let name: String
  var weight: WeightMatrix
  /// One number an output.
  let bias: [Float]?

  /// A product that gives some of the outputs, under a name of its own.
  func outputs(_ range: Range<Int>, name: String) -> Linear {
    Linear(name: name, weight: weight.rows(range), bias: bias.map { Array($0[range]) })
  }
}

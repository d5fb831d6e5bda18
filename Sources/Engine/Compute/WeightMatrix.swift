import CKernels

/// A matrix of weights, (rows, columns) row-major, in the type in which it is stored, where the file lies in memory.
@safe struct WeightMatrix: Sendable {
  let file: FileBytes
  /// Where it begins in the file, in bytes; any alignment.
  let offset: Int
  let element: WeightElement
  /// Outputs of a product with it.
  let rows: Int
  /// Inputs of a product with it.
  let columns: Int

  /// - Precondition: it lies within the file.
  init(file: FileBytes, offset: Int, element: WeightElement, rows: Int, columns: Int) {
    precondition(offset >= 0 && offset + rows * columns * element.byteCount <= file.count, "weights leave their file")
    self.file = file
    self.offset = offset
    self.element = element
    self.rows = rows
    self.columns = columns
  }

  /// Row `row` in single precision.
  func row(_ row: Int) -> [Float] {
    unsafe Array(unsafeUninitializedCapacity: columns) { buffer, count in
      if let base = buffer.baseAddress { unsafe convert(rows: row..<row + 1, into: base) }
      count = columns
    }
  }

  /// Writes these rows in single precision, one after the other.
  func convert(rows range: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
    unsafe withPointer(row: range.lowerBound, count: range.count) { source in
      unsafe ck_to_f32(element.kernelElement, source, range.count * columns, destination)
    }
  }

  /// Lends the bytes of `count` rows from `row` on.
  func withPointer<Result>(row: Int, count: Int, _ body: (UnsafeRawPointer) -> Result) -> Result? {
    precondition(row >= 0 && count >= 0 && row + count <= rows, "rows \(row)..<\(row + count) of \(rows)")
    return unsafe file.bytes.withUnsafeBytes { bytes in
      unsafe bytes.baseAddress.map { unsafe body($0 + offset + row * columns * element.byteCount) }
    }
  }
}

extension WeightElement {
  var kernelElement: ck_element {
    switch self {
    case .f32: ck_f32
    case .f16: ck_f16
    case .bf16: ck_bf16
    }
  }
}

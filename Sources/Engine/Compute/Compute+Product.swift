import CKernels
import COpenBLAS

extension Compute {
  /// Numbers of a tile of converted weights: a quarter of a megabyte, which stays in the second-level cache.
  private static let tileNumbers = 1 << 16

  /// y = x · Wᵀ + b, or y += x · Wᵀ + b.
  ///
  /// x is (rows, inputs), y (rows, outputs). Weights are converted tile by tile on the way, by the thread that
  /// multiplies with them; for a single row the product reads them as they are stored.
  func multiply(_ x: Matrix, by linear: Linear, into y: Matrix, adding: Bool = false) {
    let weight = linear.weight
    precondition(x.columns == weight.columns && y.columns == weight.rows && x.rows == y.rows, "shapes do not match")
    guard x.rows > 0 else { return }
    if x.rows == 1 {
      multiplyRow(x, by: linear, into: y, adding: adding)
    } else {
      multiplyRows(x, by: linear, into: y, adding: adding)
    }
  }

  private func multiplyRows(_ x: Matrix, by linear: Linear, into y: Matrix, adding: Bool) {
    let weight = linear.weight
    let tileRows = max(Self.tileNumbers / weight.columns / 16 * 16, 16)
    let tiles = (weight.rows + tileRows - 1) / tileRows
    unsafe run(tiles, scratch: tileRows * weight.columns) { tile, scratch in
      let outputs = tile * tileRows..<min((tile + 1) * tileRows, weight.rows)
      if let bias = linear.bias { spread(bias, outputs, over: y, adding: adding) }
      let destination = unsafe y.pointer(row: 0) + outputs.lowerBound
      unsafe weight.withSinglePrecision(rows: outputs, scratch: scratch) { tile in
        unsafe cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, CInt(x.rows), CInt(outputs.count), CInt(x.columns), 1,
          x.pointer(row: 0), CInt(x.stride), tile, CInt(weight.columns), adding || linear.bias != nil ? 1 : 0,
          destination, CInt(y.stride))
      }
    }
  }

  private func spread(_ bias: [Float], _ outputs: Range<Int>, over y: Matrix, adding: Bool) {
    unsafe bias.withUnsafeBufferPointer { bias in
      guard let base = bias.baseAddress else { return }
      for row in 0..<y.rows {
        let destination = unsafe y.pointer(row: row) + outputs.lowerBound
        if adding {
          unsafe ck_add(base + outputs.lowerBound, outputs.count, destination)
        } else {
          unsafe destination.update(from: base + outputs.lowerBound, count: outputs.count)
        }
      }
    }
  }

  private func multiplyRow(_ x: Matrix, by linear: Linear, into y: Matrix, adding: Bool) {
    let weight = linear.weight
    let tileRows = max(Self.tileNumbers / weight.columns / 16 * 16, 16)
    let tiles = (weight.rows + tileRows - 1) / tileRows
    unsafe run(tiles, scratch: adding ? tileRows : 0) { tile, scratch in
      let outputs = tile * tileRows..<min((tile + 1) * tileRows, weight.rows)
      let destination = unsafe y.pointer(row: 0) + outputs.lowerBound
      let target = unsafe adding ? scratch : destination
      unsafe weight.withPointer(row: outputs.lowerBound, count: outputs.count) { source in
        unsafe linear.bias.withOptionalPointer { bias in
          unsafe ck_gemv(
            weight.element.kernelElement, source, x.pointer(row: 0), bias.map { unsafe $0 + outputs.lowerBound },
            weight.columns, 0, outputs.count, target)
        }
      }
      if adding { unsafe ck_add(target, outputs.count, destination) }
    }
  }
}

extension WeightMatrix {
  /// Lends these rows in single precision: as they lie, or converted into `scratch`.
  fileprivate func withSinglePrecision(
    rows range: Range<Int>, scratch: UnsafeMutablePointer<Float>, _ body: (UnsafePointer<Float>) -> Void
  ) {
    unsafe withPointer(row: range.lowerBound, count: range.count) { source in
      if element == .f32, Int(bitPattern: source).isMultiple(of: MemoryLayout<Float>.alignment) {
        unsafe body(source.assumingMemoryBound(to: Float.self))
      } else {
        unsafe convert(rows: range, into: scratch)
        unsafe body(scratch)
      }
    }
  }
}

extension [Float]? {
  /// Lends the numbers, or a null pointer where there are none.
  fileprivate func withOptionalPointer(_ body: (UnsafePointer<Float>?) -> Void) {
    if let numbers = self {
      unsafe numbers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    } else {
      body(nil)
    }
  }
}

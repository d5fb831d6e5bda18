import CKernels
import COpenBLAS

/// Activations that weights are about to be multiplied with: as they lie, or packed for the kernel.
struct Operand {
  let matrix: Matrix
  let packed: FloatMemory?
}

/// One product: operand · Wᵀ + b, written to `output` or added to it.
struct Product {
  let linear: Linear
  let output: Matrix
  var adding = false
}

extension Compute {
  /// Up to so many rows the weights are read once for all of them, and nothing is packed.
  private static let fewRows = 8
  /// Weight rows of a task; the kernel works on so many at a time.
  private static let panelRows = 63
  /// Weight bytes of a task where reading them is what takes the time.
  private static let taskBytes = 1 << 16
  /// Numbers of a tile of weights that is converted for OpenBLAS: a quarter of a megabyte stays in the cache.
  private static let tileNumbers = 1 << 16

  /// Makes `x` ready for products. It holds until the next call, and as long as `x` is left as it is.
  func operand(_ x: Matrix) -> Operand {
    guard x.rows > Self.fewRows, !usesBLAS else { return Operand(matrix: x, packed: nil) }
    let packed = workspace.matrix(.packed, rows: 1, columns: ck_packed_count(x.rows, x.columns)).memory
    let step = 64  // a multiple of the 16 columns that the kernel asks for
    pool.run((x.columns + step - 1) / step) { task, _ in
      unsafe ck_pack_rows(
        x.pointer(row: 0), x.stride, x.rows, x.columns, task * step, min((task + 1) * step, x.columns), packed.base)
    }
    return Operand(matrix: x, packed: packed)
  }

  /// Carries out products with one operand, sharing out their weight rows.
  func multiply(_ x: Operand, _ products: [Product]) {
    guard x.matrix.rows > 0 else { return }
    var tasks: [(product: Product, outputs: Range<Int>)] = []
    for product in products {
      let weight = product.linear.weight
      precondition(
        x.matrix.columns == weight.columns && product.output.columns == weight.rows
          && product.output.rows == x.matrix.rows, "shapes do not match")
      let step = outputsPerTask(weight, rows: x.matrix.rows)
      for start in stride(from: 0, to: weight.rows, by: step) {
        tasks.append((product, start..<min(start + step, weight.rows)))
      }
    }
    unsafe run(tasks.count, scratch: scratchNumbers(x.matrix)) { task, scratch in
      let (product, outputs) = tasks[task]
      if let packed = x.packed {
        unsafe multiply(packed, x.matrix, product, outputs, scratch: scratch)
      } else if x.matrix.rows <= Self.fewRows {
        multiplyFewRows(x.matrix, product, outputs)
      } else {
        unsafe multiplyByBLAS(x.matrix, product, outputs, scratch: scratch)
      }
    }
  }

  /// y += x · Wᵀ + b.
  func add(_ x: Matrix, times linear: Linear, to y: Matrix) {
    multiply(operand(x), [Product(linear: linear, output: y, adding: true)])
  }

  private func outputsPerTask(_ weight: WeightMatrix, rows: Int) -> Int {
    if rows <= Self.fewRows { return max(Self.taskBytes / (weight.columns * weight.element.byteCount) / 8, 1) * 8 }
    return usesBLAS ? Self.blasTileRows(columns: weight.columns) : Self.panelRows
  }

  private static func blasTileRows(columns: Int) -> Int { max(tileNumbers / columns / 16, 1) * 16 }

  private func scratchNumbers(_ x: Matrix) -> Int {
    if x.rows <= Self.fewRows { return 0 }
    if usesBLAS { return Self.blasTileRows(columns: x.columns) * x.columns }
    return (ck_product_scratch_bytes(x.rows) + 63) / 64 * 16
  }

  private func multiply(
    _ packed: FloatMemory, _ x: Matrix, _ product: Product, _ outputs: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let weight = product.linear.weight
    unsafe product.withPointers { weights, bias, output in
      var call = unsafe ck_product_call(
        element: weight.element.kernelElement, weights: weights, columns: weight.columns, packed: packed.base,
        rows: x.rows, bias: bias, adding: product.adding, output: output, output_stride: product.output.stride,
        scratch: scratch)
      unsafe ck_product(&call, outputs.lowerBound, outputs.upperBound)
    }
  }

  private func multiplyFewRows(_ x: Matrix, _ product: Product, _ outputs: Range<Int>) {
    let weight = product.linear.weight
    unsafe product.withPointers { weights, bias, output in
      var call = unsafe ck_few_rows_call(
        element: weight.element.kernelElement, weights: weights, columns: weight.columns, x: x.pointer(row: 0),
        x_stride: x.stride, rows: x.rows, bias: bias, adding: product.adding, output: output,
        output_stride: product.output.stride)
      unsafe ck_few_rows(&call, outputs.lowerBound, outputs.upperBound)
    }
  }

  /// For CPUs that the kernels have no vectors for: weights are converted tile by tile, and OpenBLAS multiplies.
  private func multiplyByBLAS(
    _ x: Matrix, _ product: Product, _ outputs: Range<Int>, scratch: UnsafeMutablePointer<Float>
  ) {
    let (weight, output) = (product.linear.weight, product.output.columns(outputs))
    if let bias = product.linear.bias { spread(bias[outputs], over: output, adding: product.adding) }
    unsafe weight.convert(rows: outputs, into: scratch)
    unsafe cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, CInt(x.rows), CInt(outputs.count), CInt(x.columns), 1,
      x.pointer(row: 0), CInt(x.stride), scratch, CInt(weight.columns),
      product.adding || product.linear.bias != nil ? 1 : 0, output.pointer(row: 0), CInt(output.stride))
  }

  private func spread(_ bias: ArraySlice<Float>, over output: Matrix, adding: Bool) {
    unsafe bias.withUnsafeBufferPointer { bias in
      guard let base = bias.baseAddress else { return }
      for row in 0..<output.rows {
        let numbers = unsafe output.pointer(row: row)
        if adding {
          unsafe ck_add(base, bias.count, numbers)
        } else {
          unsafe numbers.update(from: base, count: bias.count)
        }
      }
    }
  }
}

extension Product {
  /// Lends the weights, the bias or a null pointer, and the output.
  fileprivate func withPointers(
    _ body: (UnsafeRawPointer, UnsafePointer<Float>?, UnsafeMutablePointer<Float>) -> Void
  ) {
    unsafe linear.weight.withPointer(row: 0, count: linear.weight.rows) { weights in
      if let bias = linear.bias {
        unsafe bias.withUnsafeBufferPointer { unsafe body(weights, $0.baseAddress, output.pointer(row: 0)) }
      } else {
        unsafe body(weights, nil, output.pointer(row: 0))
      }
    }
  }
}

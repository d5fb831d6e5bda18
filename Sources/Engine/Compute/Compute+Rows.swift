import CKernels

/// A norm's parameters.
struct Normalization: Sendable {
  let kind: DecoderDescription.Normalization
  let epsilon: Float
  let weight: [Float]
  let bias: [Float]?
}

extension Compute {
  /// Rows that one task takes.
  private static let rowsPerTask = 16

  private func forBlocks(of rows: Int, _ body: (Range<Int>) -> Void) {
    let tasks = (rows + Self.rowsPerTask - 1) / Self.rowsPerTask
    pool.run(tasks) { task, _ in
      body(task * Self.rowsPerTask..<min((task + 1) * Self.rowsPerTask, rows))
    }
  }

  /// Normalizes each row of `x` into `y`, which may be `x`.
  func normalize(_ x: Matrix, _ norm: Normalization, into y: Matrix) {
    precondition(x.columns == norm.weight.count && y.columns == x.columns && x.rows == y.rows, "shapes do not match")
    forBlocks(of: x.rows) { rows in
      for row in rows {
        unsafe norm.weight.withUnsafeBufferPointer { weight in
          let (source, destination) = unsafe (x.pointer(row: row), y.pointer(row: row))
          switch norm.kind {
          case .rootMeanSquare:
            unsafe ck_rms_norm(source, weight.baseAddress, norm.epsilon, 1, x.columns, destination)
          case .layer:
            if let bias = norm.bias {
              unsafe bias.withUnsafeBufferPointer {
                unsafe ck_layer_norm(
                  source, weight.baseAddress, $0.baseAddress, norm.epsilon, 1, x.columns, destination)
              }
            } else {
              unsafe ck_layer_norm(source, weight.baseAddress, nil, norm.epsilon, 1, x.columns, destination)
            }
          }
        }
      }
    }
  }

  /// Normalizes each head of each row, in place: as many numbers as the norm has, side by side.
  func normalizeHeads(_ x: Matrix, _ norm: Normalization) {
    let size = norm.weight.count
    precondition(x.columns.isMultiple(of: size), "shapes do not match")
    forBlocks(of: x.rows) { rows in
      unsafe norm.weight.withUnsafeBufferPointer { weight in
        for row in rows {
          let heads = unsafe x.pointer(row: row)
          unsafe ck_rms_norm(heads, weight.baseAddress, norm.epsilon, x.columns / size, size, heads)
        }
      }
    }
  }

  /// Multiplies each number of `x` by `factor`.
  func scale(_ x: Matrix, by factor: Float) {
    guard factor != 1 else { return }
    forBlocks(of: x.rows) { rows in
      for row in rows {
        let numbers = unsafe x.pointer(row: row)
        for column in 0..<x.columns { unsafe numbers[column] *= factor }
      }
    }
  }

  /// y += x.
  func add(_ x: Matrix, to y: Matrix) {
    precondition(x.rows == y.rows && x.columns == y.columns, "shapes do not match")
    forBlocks(of: x.rows) { rows in
      for row in rows { unsafe ck_add(x.pointer(row: row), x.columns, y.pointer(row: row)) }
    }
  }

  /// Bends each number of `x` to a bound: bound · tanh(x / bound).
  func bend(_ x: Matrix, to bound: Float) {
    forBlocks(of: x.rows) { rows in
      for row in rows { unsafe ck_softcap(x.pointer(row: row), bound, x.columns, x.pointer(row: row)) }
    }
  }

  /// Bounds each number of `x` to −bound...bound.
  func clip(_ x: Matrix, to bound: Float) {
    forBlocks(of: x.rows) { rows in
      for row in rows {
        let numbers = unsafe x.pointer(row: row)
        for column in 0..<x.columns { unsafe numbers[column] = min(max(numbers[column], -bound), bound) }
      }
    }
  }

  /// Copies these rows of `x`, one after the other, into `y`.
  func gather(_ rows: [Int], of x: Matrix, into y: Matrix) {
    precondition(y.rows == rows.count && x.columns == y.columns, "shapes do not match")
    for (row, source) in rows.enumerated() {
      unsafe y.pointer(row: row).update(from: x.pointer(row: source), count: x.columns)
    }
  }
}

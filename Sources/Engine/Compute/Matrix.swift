/// A block of numbers in row-major memory, (rows, columns), each row `stride` numbers after the one before.
///
/// It refers to memory and does not copy it. Whoever writes must be the only one to touch these numbers meanwhile.
@safe struct Matrix: Sendable {
  let memory: FloatMemory
  let offset: Int
  let rows: Int
  let columns: Int
  let stride: Int

  /// The block at `offset`.
  ///
  /// - Precondition: it lies within the memory.
  init(_ memory: FloatMemory, offset: Int = 0, rows: Int, columns: Int, stride: Int? = nil) {
    let stride = stride ?? columns
    precondition(rows >= 0 && columns >= 0 && stride >= columns && offset >= 0, "not a block")
    precondition(rows == 0 || offset + (rows - 1) * stride + columns <= memory.count, "the block leaves its memory")
    self.memory = memory
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// The block of these rows.
  func rows(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return Matrix(
      memory, offset: offset + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  /// The block of these columns.
  func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return Matrix(memory, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// Where row `row` begins.
  func pointer(row: Int) -> UnsafeMutablePointer<Float> {
    precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
    return unsafe memory.base + offset + row * stride
  }

  /// The numbers of row `row`.
  func row(_ row: Int) -> [Float] {
    unsafe Array(UnsafeBufferPointer(start: pointer(row: row), count: columns))
  }
}

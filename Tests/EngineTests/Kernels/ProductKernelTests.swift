import CKernels
import Testing

/// Products of activations and weights against double precision, with NaN past every row.
@Suite struct ProductKernelTests {
  static let elements = [ck_f32, ck_f16, ck_bf16]

  @Test(arguments: KernelCPU.available, elements)
  func fewRows(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(21)
      for (rows, outputs, columns) in [(1, 1, 1), (1, 7, 33), (2, 13, 576), (3, 5, 30), (8, 9, 160), (19, 3, 5632)] {
        let problem = ProductProblem(
          rows: rows, outputs: outputs, columns: columns, element: element, random: &random)
        problem.expectAgreement(problem.fewRows)
        // A row alone gives the same bits.
        let together = problem.output { problem.fewRows(0..<outputs, false, into: $0) }
        for row in [0, rows / 2, rows - 1] {
          let alone = problem.onlyRow(row)
          #expect(alone.output { alone.fewRows(0..<outputs, false, into: $0) } == [together[row]])
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available, elements)
  func manyRows(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(22)
      let shapes = [
        (1, 1, 1), (16, 14, 33), (17, 70, 64), (33, 9, 400), (48, 63, 384), (64, 65, 385), (100, 10, 30), (5, 130, 800),
        (600, 17, 40),
      ]
      for (rows, outputs, columns) in shapes {
        let problem = ProductProblem(
          rows: rows, outputs: outputs, columns: columns, element: element, random: &random)
        problem.expectAgreement(problem.packedRows)
        let together = problem.output { problem.packedRows(0..<outputs, false, into: $0) }
        for row in [0, rows / 2, rows - 1] {
          let alone = problem.onlyRow(row)
          #expect(alone.output { alone.packedRows(0..<outputs, false, into: $0) } == [together[row]])
        }
      }
    }
  }
}

/// output = x · weightsᵀ + bias, and the same added to something.
private struct ProductProblem {
  let rows: Int
  let outputs: Int
  let columns: Int
  let element: ck_element
  private let weights: [Float]
  private let x: [Float]
  private let bias: [Float]
  private let storedWeights: NaNMemory
  /// Each row with three NaN behind it.
  private let storedX: NaNMemory
  private var xStride: Int { columns + 3 }
  private var outputStride: Int { outputs + 2 }

  init(rows: Int, outputs: Int, columns: Int, element: ck_element, random: inout SeededRandom) {
    self.init(
      rows: rows, outputs: outputs, columns: columns, element: element,
      weights: random.numbers(outputs * columns).map(element.rounded), x: random.numbers(rows * columns),
      bias: random.numbers(outputs))
  }

  private init(
    rows: Int, outputs: Int, columns: Int, element: ck_element, weights: [Float], x: [Float], bias: [Float]
  ) {
    self.rows = rows
    self.outputs = outputs
    self.columns = columns
    self.element = element
    self.weights = weights
    self.x = x
    self.bias = bias
    storedWeights = element.encoded(weights)
    storedX = NaNMemory(byteCount: 4 * rows * (columns + 3))
    for row in 0..<rows {
      for column in 0..<columns { unsafe storedX.floats[row * (columns + 3) + column] = x[row * columns + column] }
    }
  }

  func onlyRow(_ row: Int) -> ProductProblem {
    ProductProblem(
      rows: 1, outputs: outputs, columns: columns, element: element, weights: weights,
      x: Array(x[row * columns..<(row + 1) * columns]), bias: bias)
  }

  /// Rows of what `kernel` writes, having seen that it writes nothing between them.
  func output(start: Float = .nan, _ kernel: (NaNMemory) -> Void) -> [[Float]] {
    let memory = NaNMemory(byteCount: 4 * rows * outputStride)
    for row in 0..<rows {
      for output in 0..<outputs { unsafe memory.floats[row * outputStride + output] = start }
    }
    kernel(memory)
    return (0..<rows).map { row in
      #expect(unsafe memory.floats[row * outputStride + outputs].isNaN)
      return unsafe Array(memory.floats[row * outputStride..<row * outputStride + outputs])
    }
  }

  /// Compares what `kernel` computes with double precision: sums with the bias, and sums added to 1/4.
  func expectAgreement(
    _ kernel: (_ outputs: Range<Int>, _ adding: Bool, _ output: NaNMemory) -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    // Sums of up to 384 products are formed one after the other: some ten units in the last place of the largest.
    let tolerance = 1e-6 + 6e-8 * Double(columns)
    for adding in [false, true] {
      let whole = output(start: adding ? 0.25 : .nan) { kernel(0..<outputs, adding, $0) }
      var expected: [Double] = []
      for row in 0..<rows {
        for output in 0..<outputs {
          var sum = adding ? 0.25 : Double(bias[output])
          for column in 0..<columns {
            sum += Double(weights[output * columns + column]) * Double(x[row * columns + column])
          }
          expected.append(sum)
        }
      }
      let error = worst(whole.joined(), expected)
      #expect(error < tolerance, "\(rows) × \(outputs) × \(columns)", sourceLocation: sourceLocation)
      // Weight rows shared out between threads give the same bits.
      let parts = output(start: adding ? 0.25 : .nan) { memory in
        for part in [0..<outputs / 3, outputs / 3..<outputs] { kernel(part, adding, memory) }
      }
      #expect(parts == whole, sourceLocation: sourceLocation)
    }
  }

  func fewRows(_ range: Range<Int>, _ adding: Bool, into output: NaNMemory) {
    unsafe bias.withUnsafeBufferPointer { bias in
      var call = unsafe ck_few_rows_call(
        element: element, weights: storedWeights.address, columns: columns, x: storedX.floats.baseAddress,
        x_stride: xStride, rows: rows, bias: adding ? nil : bias.baseAddress, adding: adding,
        output: output.floats.baseAddress, output_stride: outputStride)
      unsafe ck_few_rows(&call, range.lowerBound, range.upperBound)
    }
  }

  func packedRows(_ range: Range<Int>, _ adding: Bool, into output: NaNMemory) {
    let packed = NaNMemory(byteCount: 4 * ck_packed_count(rows, columns))
    let middle = columns / 2 / 16 * 16
    for (begin, end) in [(0, middle), (middle, columns)] {
      unsafe ck_pack_rows(storedX.floats.baseAddress, xStride, rows, columns, begin, end, packed.floats.baseAddress)
    }
    let scratch = NaNMemory(byteCount: ck_product_scratch_bytes(rows))
    unsafe bias.withUnsafeBufferPointer { bias in
      var call = unsafe ck_product_call(
        element: element, weights: storedWeights.address, columns: columns, packed: packed.floats.baseAddress,
        rows: rows, bias: adding ? nil : bias.baseAddress, adding: adding, output: output.floats.baseAddress,
        output_stride: outputStride, scratch: scratch.address)
      unsafe ck_product(&call, range.lowerBound, range.upperBound)
    }
  }
}

import CKernels
import Testing

/// Products of activations and weights against double precision, with NaN past every row.
@Suite struct ProductKernelTests {
  static let elements = [ck_f32, ck_f16, ck_bf16, ck_q8]

  @Test(arguments: KernelCPU.available, elements)
  func fewRows(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(21)
      let shapes = [
        (1, 1, 1), (1, 7, 33), (2, 13, 576), (3, 5, 30), (4, 37, 1100), (8, 9, 160), (8, 70, 576), (19, 3, 5632),
        (20, 33, 640), (5, 32, 576), (16, 48, 200), (24, 16, 1536), (32, 50, 576), (33, 16, 64),
      ]
      for (rows, outputs, columns) in shapes {
        let problem = ProductProblem(
          rows: rows, outputs: outputs, columns: columns, element: element, random: &random)
        problem.expectAgreement(of: problem.fewRows, activationLevels: element == ck_q8 ? 32_512 : nil)
        // A row alone gives the same bits.
        let together = problem.output { problem.fewRows(0..<outputs, false, into: $0) }
        for row in 0..<rows {
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
        problem.expectAgreement(of: problem.packedRows, activationLevels: element == ck_q8 ? 127 : nil)
        let together = problem.output { problem.packedRows(0..<outputs, false, into: $0) }
        for row in [0, rows / 2, rows - 1] {
          let alone = problem.onlyRow(row)
          #expect(alone.output { alone.packedRows(0..<outputs, false, into: $0) } == [together[row]])
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available, elements)
  func whatIsNoNumberShows(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(24)
      for wrong in [Float.nan, .infinity, -.infinity] {
        let problem = ProductProblem(rows: 3, outputs: 5, columns: 150, element: element, random: &random)
        problem.spoil(row: 1, column: 70, with: wrong)
        for kernel in [problem.fewRows, problem.packedRows] {
          let output = problem.output { kernel(0..<5, false, $0) }
          #expect(!output[1].contains { $0.isFinite })
          #expect(!(output[0] + output[2]).contains { !$0.isFinite })
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_bf16])
  func weightsOfEightBits(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(23)
      for columns in [1, 63, 64, 150] {
        let rows = 5
        var numbers = random.numbers(rows * columns, in: -3...3).map(element.rounded)
        for column in 0..<columns { numbers[2 * columns + column] = 0 }
        let source = element.encoded(numbers)
        let bytes = NaNMemory(byteCount: rows * ck_q8_row_bytes(columns))
        let scales = NaNMemory(byteCount: 4 * rows * ck_q8_row_scales(columns))
        for part in [0..<2, 2..<rows] {
          unsafe ck_quantize_weights(
            element, source.address, columns, part.lowerBound, part.upperBound,
            bytes.bytes.assumingMemoryBound(to: UInt8.self).baseAddress, scales.floats.baseAddress)
        }
        for row in 0..<rows {
          let expected = rounded(numbers[row * columns..<(row + 1) * columns], levels: 127)
          for column in 0..<ck_q8_row_bytes(columns) {
            let byte = unsafe Int(bytes.bytes[row * ck_q8_row_bytes(columns) + column]) - 128
            let scale = unsafe scales.floats[row * ck_q8_row_scales(columns) + column / 64]
            #expect(Float(byte) * scale == (column < columns ? expected[column] : 0))
          }
        }
      }
    }
  }
}

/// A row as integers keep it: groups of 64, each number rounded to a multiple of the largest magnitude / levels.
private func rounded(_ row: ArraySlice<Float>, levels: Float) -> [Float] {
  stride(from: row.startIndex, to: row.endIndex, by: 64).flatMap { start -> [Float] in
    let group = row[start..<min(start + 64, row.endIndex)]
    let largest = group.reduce(0) { max($0, abs($1)) }
    return group.map { largest > 0 ? ($0 * (levels / largest)).rounded(.toNearestOrEven) * (largest / levels) : 0 }
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
  private let scales: NaNMemory
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
    if element == ck_q8 {
      storedWeights = NaNMemory(byteCount: outputs * ck_q8_row_bytes(columns))
      scales = NaNMemory(byteCount: 4 * outputs * ck_q8_row_scales(columns))
      let source = ck_f32.encoded(weights)
      for part in [0..<outputs / 2, outputs / 2..<outputs] {
        unsafe ck_quantize_weights(
          ck_f32, source.address, columns, part.lowerBound, part.upperBound,
          storedWeights.bytes.assumingMemoryBound(to: UInt8.self).baseAddress, scales.floats.baseAddress)
      }
    } else {
      storedWeights = element.encoded(weights)
      scales = NaNMemory(byteCount: 0)
    }
    storedX = NaNMemory(byteCount: 4 * rows * (columns + 3))
    for row in 0..<rows {
      for column in 0..<columns { unsafe storedX.floats[row * (columns + 3) + column] = x[row * columns + column] }
    }
  }

  /// Puts a number into the activations, for kernels alone.
  func spoil(row: Int, column: Int, with number: Float) {
    unsafe storedX.floats[row * xStride + column] = number
  }

  private func rowsOf(_ numbers: [Float]) -> [ArraySlice<Float>] {
    stride(from: 0, to: numbers.count, by: columns).map { numbers[$0..<$0 + columns] }
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
    of kernel: (_ outputs: Range<Int>, _ adding: Bool, _ output: NaNMemory) -> Void, activationLevels: Float?,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    // Sums of up to 384 products are formed one after the other: some ten units in the last place of the largest.
    let tolerance = 1e-6 + 6e-8 * Double(columns)
    let weights = element == ck_q8 ? rowsOf(self.weights).flatMap { rounded($0, levels: 127) } : self.weights
    let x = activationLevels.map { levels in rowsOf(self.x).flatMap { rounded($0, levels: levels) } } ?? self.x
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
    let packed = NaNMemory(byteCount: ck_few_packed_bytes(element, rows, columns))
    if element == ck_q8 {
      unsafe ck_pack_few_rows(element, storedX.floats.baseAddress, xStride, rows, columns, packed.address)
    }
    unsafe bias.withUnsafeBufferPointer { bias in
      var call = unsafe ck_few_rows_call(
        element: element, is_turned: false, weights: storedWeights.address, scales: scales.floats.baseAddress,
        columns: columns,
        x: storedX.floats.baseAddress,
        x_stride: xStride, packed: packed.address, rows: rows, bias: adding ? nil : bias.baseAddress, adding: adding,
        output: output.floats.baseAddress, output_stride: outputStride)
      unsafe ck_few_rows(&call, range.lowerBound, range.upperBound)
    }
  }

  func packedRows(_ range: Range<Int>, _ adding: Bool, into output: NaNMemory) {
    let packed = NaNMemory(byteCount: ck_packed_bytes(element, rows, columns))
    let middle = columns / 2 / 64 * 64
    for (begin, end) in [(0, middle), (middle, columns)] {
      unsafe ck_pack_rows(element, storedX.floats.baseAddress, xStride, rows, columns, begin, end, packed.address)
    }
    let scratch = NaNMemory(byteCount: ck_product_scratch_bytes(rows))
    unsafe bias.withUnsafeBufferPointer { bias in
      var call = unsafe ck_product_call(
        element: element, is_turned: false, weights: storedWeights.address, scales: scales.floats.baseAddress,
        columns: columns,
        packed: packed.address,
        rows: rows, bias: adding ? nil : bias.baseAddress, adding: adding, output: output.floats.baseAddress,
        output_stride: outputStride, scratch: scratch.address)
      unsafe ck_product(&call, range.lowerBound, range.upperBound)
    }
  }
}

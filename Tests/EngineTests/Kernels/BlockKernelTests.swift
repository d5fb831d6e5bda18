import CKernels
import Foundation
import GGUF
import Testing

/// Weights in blocks, of each type and on each kind of CPU: their numbers are those that the `gguf` package reads, and
/// products with them are what double precision gives, up to the rounding of activations.
@Suite struct BlockKernelTests {
  static let elements: [(ck_element, GGUFTensorType)] = [
    (ck_q4_0, .q4_0), (ck_q4_1, .q4_1), (ck_q5_0, .q5_0), (ck_q5_1, .q5_1), (ck_q8_0, .q8_0), (ck_iq4_nl, .iq4_nl),
    (ck_q4_k, .q4_K), (ck_q5_k, .q5_K), (ck_q6_k, .q6_K),
  ]

  private static func fixture(_ name: String) throws -> [UInt8] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return Array(try Data(contentsOf: tests.appending(path: "GGUFTests/Fixtures/\(name)")))
  }

  /// The blocks of the fixture's tensor of this type: three rows of 512 numbers.
  private static func blocks(_ type: GGUFTensorType) throws -> NaNMemory {
    let bytes = try fixture("every-type.gguf")
    let tensor = try #require(unsafe GGUFHeader(bytes.span.bytes).tensors["tensor.\(type.name)"])
    let memory = NaNMemory(byteCount: tensor.bytes.count)
    unsafe memory.bytes.copyBytes(from: bytes[tensor.bytes])
    return memory
  }

  private static func numbers(_ element: ck_element, _ blocks: NaNMemory, count: Int) -> [Float] {
    let memory = NaNMemory(byteCount: 4 * count)
    unsafe ck_to_f32(element, blocks.address, count, memory.floats.baseAddress)
    return (0..<count).map { unsafe memory.floats[$0] }
  }

  @Test(arguments: KernelCPU.available, elements)
  func numbersAreTheReference(cpu: KernelCPU, element: (code: ck_element, type: GGUFTensorType)) throws {
    struct Golden: Decodable {
      let step: Int
      let bits: [String: [UInt32]]
    }
    let golden = try JSONDecoder().decode(Golden.self, from: Data(Self.fixture("every-type.json")))
    let bits = try #require(golden.bits[element.type.name])
    #expect(ck_block_numbers(element.code) == element.type.blockNumbers)
    #expect(ck_block_bytes(element.code) == element.type.blockBytes)
    let blocks = try Self.blocks(element.type)
    cpu.use {
      let numbers = Self.numbers(element.code, blocks, count: 3 * 512)
      let found = stride(from: 0, to: numbers.count, by: golden.step).map { numbers[$0] }
      #expect(found == bits.map { Float(bitPattern: $0) })
    }
  }

  /// Rows of these many blocks: whole chunks, halves of one, more than a panel.
  @Test(arguments: KernelCPU.available, elements)
  func products(cpu: KernelCPU, element: (code: ck_element, type: GGUFTensorType)) throws {
    let size = element.type.blockNumbers
    let blocks = try Self.blocks(element.type)
    let all = 3 * 512 / element.type.blockNumbers
    cpu.use {
      var random = SeededRandom(31)
      let longest = 1_536 / size
      for (rows, outputs, length) in [
        (1, 1, 1), (1, 7, 3), (2, 5, 5), (3, 4, 2), (4, 3, longest), (6, 70, longest), (7, 70, 1), (17, 13, longest),
        (50, 5, 2), (600, 2, 1), (8, 49, longest), (33, 33, 3),
      ] {
        let problem = BlockProblem(
          element: element.code, rows: rows, outputs: outputs, columns: length * size,
          blocks: (0..<outputs * length).map { _ in Int.random(in: 0..<all, using: &random) }, source: blocks,
          numbers: Self.numbers(element.code, blocks, count: 3 * 512), random: &random)
        problem.expectAgreement(problem.fewRows(of: 0..<rows), group: 64) { $1 / 32_512 }
        // Eight bits are shared out between the least and the greatest of a group, or there are twelve.
        problem.expectAgreement(problem.manyRows(of: 0..<rows), group: 32) { max(($1 - $0) / 2 / 127, $1 / 2_047) }
        // So do weights whose rows lie across the lanes.
        if ck_turned_rows(element.code) > 0 {
          #expect(problem.fewRows(of: 0..<rows, turned: true) == problem.fewRows(of: 0..<rows))
          #expect(problem.manyRows(of: 0..<rows, turned: true) == problem.manyRows(of: 0..<rows))
        }
        // A row alone gives the same bits.
        for row in [0, rows - 1] {
          #expect(problem.fewRows(of: row..<row + 1) == [problem.fewRows(of: 0..<rows)[row]])
          #expect(problem.manyRows(of: row..<row + 1) == [problem.manyRows(of: 0..<rows)[row]])
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available, elements)
  func whatIsNoNumberShows(cpu: KernelCPU, element: (code: ck_element, type: GGUFTensorType)) throws {
    let blocks = try Self.blocks(element.type)
    cpu.use {
      var random = SeededRandom(33)
      for wrong in [Float.nan, .infinity, -.infinity] {
        var problem = BlockProblem(
          element: element.code, rows: 3, outputs: 5, columns: 256,
          blocks: Array(0..<5 * 256 / element.type.blockNumbers), source: blocks,
          numbers: Self.numbers(element.code, blocks, count: 3 * 512), random: &random)
        problem.x[1][70] = wrong
        for output in [problem.fewRows(of: 0..<3), problem.manyRows(of: 0..<3)] {
          #expect(!output[1].contains { $0.isFinite })
          #expect(!(output[0] + output[2]).contains { !$0.isFinite })
        }
      }
    }
  }
}

/// output = x · weightsᵀ + bias, with blocks picked from some that are there.
private struct BlockProblem {
  let element: ck_element
  let outputs: Int
  let columns: Int
  var x: [[Float]]
  private let bias: [Float]
  private let weights: NaNMemory
  private let numbers: [[Float]]

  init(
    element: ck_element, rows: Int, outputs: Int, columns: Int, blocks: [Int], source: NaNMemory, numbers: [Float],
    random: inout SeededRandom
  ) {
    let (size, bytes) = (ck_block_numbers(element), ck_block_bytes(element))
    self.element = element
    self.outputs = outputs
    self.columns = columns
    weights = NaNMemory(byteCount: blocks.count * bytes)
    for (index, block) in blocks.enumerated() {
      let part = unsafe UnsafeRawBufferPointer(rebasing: source.bytes[block * bytes..<(block + 1) * bytes])
      unsafe UnsafeMutableRawBufferPointer(rebasing: weights.bytes[index * bytes..<(index + 1) * bytes])
        .copyMemory(from: part)
    }
    let all = blocks.flatMap { numbers[$0 * size..<($0 + 1) * size] }
    self.numbers = (0..<outputs).map { Array(all[$0 * columns..<($0 + 1) * columns]) }
    // In each group of 32 one number is far from all others, as models have them.
    x = (0..<rows).map { _ in
      var numbers = random.numbers(columns)
      for start in stride(from: 0, to: columns, by: 32) {
        numbers[start + Int.random(in: 0..<32, using: &random)] = Float.random(in: 6..<9, using: &random)
      }
      return numbers
    }
    bias = random.numbers(outputs)
  }

  /// Rows with three NaN behind each.
  private func stored(_ rows: Range<Int>) -> NaNMemory {
    let memory = NaNMemory(byteCount: 4 * rows.count * (columns + 3))
    for (index, row) in rows.enumerated() {
      for column in 0..<columns { unsafe memory.floats[index * (columns + 3) + column] = x[row][column] }
    }
    return memory
  }

  private func output(_ rows: Int, _ body: (UnsafeMutablePointer<Float>?) -> Void) -> [[Float]] {
    let memory = NaNMemory(byteCount: 4 * rows * outputs)
    unsafe body(memory.floats.baseAddress)
    return (0..<rows).map { row in (0..<outputs).map { unsafe memory.floats[row * outputs + $0] } }
  }

  /// The weights in their turned form.
  private func turned() -> NaNMemory {
    let panels = (outputs + ck_turned_rows(element) - 1) / ck_turned_rows(element)
    let memory = NaNMemory(byteCount: panels * ck_turned_panel_bytes(element, columns))
    for panel in 0..<panels {
      unsafe ck_turn_weights(element, weights.address, columns, outputs, panel, panel + 1, memory.address)
    }
    return memory
  }

  func fewRows(of rows: Range<Int>, turned isTurned: Bool = false) -> [[Float]] {
    let weights = isTurned ? turned() : weights
    // Two calls, of whole panels.
    let middle = isTurned ? outputs / 32 * 16 : outputs / 2
    let stored = stored(rows)
    let packed = NaNMemory(byteCount: ck_few_packed_bytes(element, rows.count, columns))
    unsafe ck_pack_few_rows(
      element, stored.floats.baseAddress, columns + 3, rows.count, columns, packed.address)
    return unsafe output(rows.count) { result in
      unsafe bias.withUnsafeBufferPointer { bias in
        var call = unsafe ck_few_rows_call(
          element: element, is_turned: isTurned, weights: weights.address, scales: nil, columns: columns, x: nil,
          x_stride: 0,
          packed: packed.address, rows: rows.count, bias: bias.baseAddress, adding: false, output: result,
          output_stride: outputs)
        unsafe ck_few_rows(&call, 0, middle)
        unsafe ck_few_rows(&call, middle, outputs)
      }
    }
  }

  func manyRows(of rows: Range<Int>, turned isTurned: Bool = false) -> [[Float]] {
    let weights = isTurned ? turned() : weights
    let stored = stored(rows)
    let packed = NaNMemory(byteCount: ck_packed_bytes(element, rows.count, columns))
    let middle = columns / 128 * 64
    for part in [0..<middle, middle..<columns] {
      unsafe ck_pack_rows(
        element, stored.floats.baseAddress, columns + 3, rows.count, columns, part.lowerBound, part.upperBound,
        packed.address)
    }
    let scratch = NaNMemory(byteCount: ck_product_scratch_bytes(rows.count))
    return unsafe output(rows.count) { result in
      unsafe bias.withUnsafeBufferPointer { bias in
        var call = unsafe ck_product_call(
          element: element, is_turned: isTurned, weights: weights.address, scales: nil, columns: columns,
          packed: packed.address,
          rows: rows.count, bias: bias.baseAddress, adding: false, output: result, output_stride: outputs,
          scratch: scratch.address)
        unsafe ck_product(&call, 0, outputs)
      }
    }
  }

  /// Each activation is off by half a level of its group at most; sums add their own rounding.
  ///
  /// - Parameter level: how far two levels are apart in a group with these least and greatest numbers, zero or beyond.
  func expectAgreement(_ output: [[Float]], group: Int, level: (_ least: Double, _ greatest: Double) -> Double) {
    for (row, activations) in x.enumerated() {
      let halfLevels = stride(from: 0, to: columns, by: group).map { start in
        let numbers = activations[start..<min(start + group, columns)].map { Double($0) }
        return level(numbers.min() ?? 0, numbers.max() ?? 0) / 2
      }
      for (index, weights) in numbers.enumerated() {
        var sum = Double(bias[index])
        var tolerance = 1e-5
        var squares = 0.0
        for column in 0..<columns {
          sum += Double(activations[column]) * Double(weights[column])
          let error = halfLevels[column / group] * Double(weights[column])
          squares += error * error
          tolerance += 2e-6 * abs(Double(activations[column]) * Double(weights[column]))
        }
        // Errors of many activations do not all point one way: five times their root mean square.
        tolerance += 5 * squares.squareRoot()
        #expect(abs(Double(output[row][index]) - sum) <= tolerance)
      }
    }
  }
}

import CKernels
import Testing

/// Matrix times vector against double precision.
@Suite struct GemvKernelTests {
  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_bf16])
  func agreesWithDoublePrecision(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(21)
      for (rows, columns) in [(1, 1), (7, 33), (13, 576), (5, 30), (64, 160), (3, 5632)] {
        let w = random.numbers(rows * columns).map(element.rounded)
        let (x, bias) = (random.numbers(columns), random.numbers(rows))
        let (weights, input) = (element.encoded(w), ck_f32.encoded(x))
        let expected = (0..<rows).map { row -> Double in
          var sum = Double(bias[row])
          for column in 0..<columns { sum += Double(w[row * columns + column]) * Double(x[column]) }
          return sum
        }
        let (whole, parts) = (NaNMemory(byteCount: 4 * (rows + 1)), NaNMemory(byteCount: 4 * (rows + 1)))
        unsafe ck_gemv(
          element, weights.address, input.floats.baseAddress, bias, columns, 0, rows, whole.floats.baseAddress)
        #expect(unsafe worst(whole.floats.prefix(rows), expected) < 1e-6 + 4e-7 * Double(columns).squareRoot())
        #expect(unsafe whole.floats[rows].isNaN)
        // Rows shared out between threads give the same bits.
        for part in [0..<rows / 3, rows / 3..<rows] {
          unsafe ck_gemv(
            element, weights.address, input.floats.baseAddress, bias, columns, part.lowerBound, part.upperBound,
            parts.floats.baseAddress)
        }
        #expect(unsafe parts.floats.prefix(rows).elementsEqual(whole.floats.prefix(rows)))
      }
    }
  }
}

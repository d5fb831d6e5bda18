import CKernels
import Glibc
import Testing

/// Loops over activations and logits against double precision, for counts that fill vectors and that do not.
@Suite struct VectorKernelTests {
  static let counts = [1, 2, 15, 16, 17, 31, 64, 100, 576]

  /// Runs `kernel` on `x` with NaN behind it, and returns the result, having seen that nothing was written past it.
  private func output(of x: [Float], _ kernel: (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void) -> [Float]
  {
    let input = ck_f32.encoded(x)
    let output = NaNMemory(byteCount: 4 * (x.count + 16))
    unsafe kernel(input.floats.baseAddress.map { unsafe UnsafePointer($0) }, output.floats.baseAddress)
    #expect(unsafe output.floats.dropFirst(x.count).allSatisfy { $0.isNaN })
    return unsafe Array(output.floats.prefix(x.count))
  }

  @Test(arguments: KernelCPU.available)
  func norms(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(11)
      for count in Self.counts {
        let rows = 3
        let x = random.numbers(rows * count, in: -3...4)
        let (weight, bias) = (random.numbers(count), random.numbers(count))
        let plain = unsafe output(of: x) { unsafe ck_rms_norm($0, weight, 1e-5, rows, count, $1) }
        let layer = unsafe output(of: x) { unsafe ck_layer_norm($0, weight, bias, 1e-5, rows, count, $1) }
        let unbiased = unsafe output(of: x) { unsafe ck_layer_norm($0, weight, nil, 1e-5, rows, count, $1) }
        for row in 0..<rows {
          let numbers = x[row * count..<(row + 1) * count].map(Double.init)
          let squares = numbers.reduce(0) { $0 + $1 * $1 } / Double(count)
          let mean = numbers.reduce(0, +) / Double(count)
          let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
          for i in 0..<count {
            let index = row * count + i
            let scaled = (numbers[i] - mean) / (variance + 1e-5).squareRoot() * Double(weight[i])
            #expect(abs(Double(plain[index]) - numbers[i] / (squares + 1e-5).squareRoot() * Double(weight[i])) < 2e-6)
            #expect(abs(Double(unbiased[index]) - scaled) < 1e-5)
            #expect(abs(Double(layer[index]) - scaled - Double(bias[i])) < 1e-5)
          }
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func rotation(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(12)
      for (dimension, rotary) in [(2, 2), (64, 64), (80, 32), (96, 96), (64, 20), (8, 0)] {
        let heads = 3
        let x = random.numbers(heads * dimension)
        let angles = random.numbers(rotary / 2, in: 0...6)
        let (cosines, sines) = (angles.map { cosf($0) }, angles.map { sinf($0) })
        let y = unsafe output(of: x) { unsafe ck_rotate($0, cosines, sines, 0.125, heads, dimension, rotary, $1) }
        for head in 0..<heads {
          for i in 0..<dimension {
            let at = head * dimension + i
            let half = rotary / 2
            let expected =
              if i < half {
                x[at] * cosines[i] - x[at + half] * sines[i]
              } else if i < rotary {
                x[at] * cosines[i - half] + x[at - half] * sines[i - half]
              } else {
                x[at]
              }
            #expect(abs(y[at] - expected * 0.125) < 1e-7)
          }
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func exponentials(cpu: KernelCPU) {
    cpu.use {
      let x = Array(stride(from: Float(-87.3), through: 88.7, by: 0.003))
      let y = unsafe output(of: x) { unsafe ck_exp($0, x.count, $1) }
      let error = zip(x, y).map { abs(Double($1) / exp(Double($0)) - 1) }.max() ?? .infinity
      #expect(error < 2e-7)
      let edges: [Float] = [0, -0.0, -100, -.infinity, 89, .infinity, .nan]
      let values = unsafe output(of: edges) { unsafe ck_exp($0, edges.count, $1) }
      #expect(values.prefix(6).elementsEqual([1, 1, 0, 0, .infinity, .infinity]))
      #expect(values[6].isNaN)
    }
  }

  @Test(arguments: KernelCPU.available)
  func bounds(cpu: KernelCPU) {
    cpu.use {
      for cap in [1, 30, 50] as [Float] {
        let x = stride(from: Float(-12), through: 12, by: 0.0007).flatMap { [cap * $0, cap * $0 * 1e-4, $0 * 1e-30] }
        let y = unsafe output(of: x) { unsafe ck_softcap($0, cap, x.count, $1) }
        let error = zip(x, y).map { x, y in
          let expected = Double(cap) * tanh(Double(x) / Double(cap))
          return abs(Double(y) - expected) / max(abs(expected), .leastNormalMagnitude)
        }
        #expect(error.max() ?? .infinity < 1e-6)
        for count in Self.counts {
          #expect(
            unsafe output(of: Array(x.prefix(count))) { unsafe ck_softcap($0, cap, count, $1) }
              .elementsEqual(y.prefix(count)))
        }
      }
      let edges: [Float] = [0, -.infinity, .infinity, 1e30, .nan]
      let values = unsafe output(of: edges) { unsafe ck_softcap($0, 50, edges.count, $1) }
      #expect(values[0] == 0)
      #expect(worst(values[1..<4], [-50, 50, 50]) < 5e-5)
      #expect(values[4].isNaN)
    }
  }

  @Test(arguments: KernelCPU.available)
  func activations(cpu: KernelCPU) {
    cpu.use {
      let x = Array(stride(from: Float(-12), through: 12, by: 0.0123))
      let up = x.map { 0.5 - $0 }
      let silu = unsafe output(of: x) { unsafe ck_silu_multiply($0, up, x.count, $1) }
      #expect(worst(silu, zip(x, up).map { Double($0) / (1 + exp(-Double($0))) * Double($1) }) < 2e-5)
      let gelu = unsafe output(of: x) { unsafe ck_gelu_erf($0, x.count, $1) }
      #expect(worst(gelu, x.map { Double($0) / 2 * (1 + erf(Double($0) / 2.0.squareRoot())) }) < 1e-6)
      let approximate = unsafe output(of: x) { unsafe ck_gelu_tanh($0, x.count, $1) }
      let factor = (2 / Double.pi).squareRoot()
      #expect(
        worst(
          approximate,
          x.map(Double.init).map { $0 / 2 * (1 + tanh(factor * ($0 + 0.044715 * $0 * $0 * $0))) }) < 1e-6)
      for count in Self.counts {
        let some = Array(x.prefix(count))
        #expect(unsafe output(of: some) { unsafe ck_gelu_erf($0, count, $1) }.elementsEqual(gelu.prefix(count)))
        #expect(unsafe output(of: some) { unsafe ck_gelu_tanh($0, count, $1) }.elementsEqual(approximate.prefix(count)))
        #expect(
          unsafe output(of: some) { unsafe ck_silu_multiply($0, up, count, $1) }.elementsEqual(silu.prefix(count)))
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func addition(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(13)
      for count in Self.counts {
        let (x, y) = (random.numbers(count), random.numbers(count))
        let sum = unsafe output(of: x) { input, output in
          for index in 0..<count { unsafe output?[index] = y[index] }
          unsafe ck_add(input, count, output)
        }
        #expect(sum.elementsEqual(zip(x, y).map(+)))
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func logits(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(14)
      for count in Self.counts + [32003] {
        let x = random.numbers(count, in: -20...20)
        let memory = ck_f32.encoded(x)
        let input = unsafe memory.floats.baseAddress
        let largest = x.max() ?? 0
        #expect(unsafe ck_argmax(input, count) == x.firstIndex(of: largest))
        let sum = x.reduce(0) { $0 + exp(Double($1) - Double(largest)) }
        #expect(abs(Double(unsafe ck_log_sum_exp(input, count)) - Double(largest) - log(sum)) < 3e-6)
        let scaled = x.reduce(0) { $0 + exp((Double($1) - Double(largest)) * 0.7) }
        let weights = unsafe output(of: x) { unsafe ck_softmax($0, 0.7, count, $1) }
        #expect(worst(weights, x.map { exp((Double($0) - Double(largest)) * 0.7) / scaled }) < 2e-6)
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func oddLogits(cpu: KernelCPU) {
    cpu.use {
      #expect(unsafe ck_argmax([1, 3, 3, 2], 4) == 1)
      #expect(unsafe ck_argmax([.nan, -1, .nan, -0.5], 4) == 3)
      #expect(unsafe ck_argmax([Float](repeating: .nan, count: 40), 40) == 0)
      #expect(unsafe ck_argmax([], 0) == 0)
      #expect(unsafe ck_log_sum_exp([], 0) == -.infinity)
      #expect(unsafe ck_log_sum_exp([-.infinity, 2], 2) == 2)
    }
  }
}

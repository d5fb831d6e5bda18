import CKernels
import Testing

/// Conversions, bit by bit, and the layout of keys and values.
@Suite struct NumberKernelTests {
  @Test(arguments: KernelCPU.available)
  func everyHalfConverts(cpu: KernelCPU) {
    cpu.use {
      let halves = (0...UInt16.max).map { $0 }
      var floats = [Float](repeating: 0, count: halves.count)
      unsafe ck_to_f32(ck_f16, halves, halves.count, &floats)
      for (half, float) in zip(halves, floats) {
        let expected = Float(Float16(bitPattern: half))
        #expect(float.bitPattern == expected.bitPattern || (float.isNaN && expected.isNaN), "\(half)")
      }
      var back = [UInt16](repeating: 0, count: halves.count)
      unsafe ck_f32_to_f16(floats, floats.count, &back)
      for (half, again) in zip(halves, back) {
        #expect(half == again || Float16(bitPattern: half).isNaN && Float16(bitPattern: again).isNaN, "\(half)")
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func halvesAreRoundedToNearestEven(cpu: KernelCPU) {
    cpu.use {
      // Each half, the point between it and the next, and that point's neighbours.
      var floats: [Float] = [0, -0.0, .infinity, -.infinity, 65504, 65519.996, 65520, 1e30, -1e30, 1e-30, -1e-30]
      for bits in stride(from: UInt16(0), to: 0x7C00, by: 7) {
        let (half, next) = (Float(Float16(bitPattern: bits)), Float(Float16(bitPattern: bits &+ 1)))
        let between = next.isFinite ? (half + next) / 2 : 65520
        floats += [between, between.nextUp, between.nextDown, -between]
      }
      var halves = [UInt16](repeating: 0, count: floats.count)
      unsafe ck_f32_to_f16(floats, floats.count, &halves)
      for (float, half) in zip(floats, halves) {
        #expect(half == Float16(float).bitPattern, "\(float)")
      }
    }
  }

  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_bf16])
  func anyCountAndNothingPastIt(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(3)
      for count in 0...50 {
        let numbers = random.numbers(count).map(element.rounded)
        let stored = element.encoded(numbers)
        let output = NaNMemory(byteCount: 4 * (count + 16))
        unsafe ck_to_f32(element, stored.address, count, output.floats.baseAddress)
        #expect(unsafe output.floats.prefix(count).elementsEqual(numbers))
        #expect(unsafe output.floats.dropFirst(count).allSatisfy { $0.isNaN })
      }
    }
  }

  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_q8])
  func tilesHoldWhatTheLayoutSays(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      var random = SeededRandom(4)
      for (dimension, tokens, step) in [(6, 37, 1), (64, 33, 5), (64, 48, 48), (80, 16, 16), (128, 50, 20)] {
        let numbers = random.numbers(tokens * dimension)
        let stored = stride(from: 0, to: numbers.count, by: dimension).flatMap {
          element.roundedState(numbers[$0..<$0 + dimension])
        }
        let byteCount = (tokens + 15) / 16 * ck_kv_tile_bytes(element, dimension)
        let (keys, values) = (NaNMemory(byteCount: byteCount), NaNMemory(byteCount: byteCount))
        for first in stride(from: 0, to: tokens, by: step) {
          let count = min(step, tokens - first)
          unsafe numbers.withUnsafeBufferPointer { numbers in
            guard let x = numbers.baseAddress else { return }
            unsafe ck_store_keys(element, dimension, x + first * dimension, dimension, first, count, keys.address)
            unsafe ck_store_values(element, dimension, x + first * dimension, dimension, first, count, values.address)
          }
        }
        let whole = tokens.isMultiple(of: 16)
        #expect(tiles(keys, element, dimension, count: tokens) { $0 * 16 + $1 } == stored)
        #expect(tiles(values, element, dimension, count: tokens) { $0 + $1 * dimension } == stored)
        #expect(whole || hasNaN(keys) && hasNaN(values))
        unsafe ck_zero_tail(element, dimension, tokens, keys.address, values.address)
        let padded = stored + Array(repeating: 0, count: (16 - tokens % 16) % 16 * dimension)
        #expect(tiles(keys, element, dimension, count: padded.count / dimension) { $0 * 16 + $1 } == padded)
        #expect(tiles(values, element, dimension, count: padded.count / dimension) { $0 + $1 * dimension } == padded)
        #expect(!hasNaN(keys) && !hasNaN(values))
      }
    }
  }

  /// Whether four bytes are left as they were at first.
  private func hasNaN(_ memory: NaNMemory) -> Bool {
    unsafe memory.floats.contains { $0.bitPattern == .max }
  }

  /// The numbers of `count` tokens; `place` says where in its tile dimension d of token t lies.
  private func tiles(
    _ memory: NaNMemory, _ element: ck_element, _ dimension: Int, count: Int, place: (_ d: Int, _ t: Int) -> Int
  ) -> [Float] {
    let tileBytes = ck_kv_tile_bytes(element, dimension)
    return (0..<count).flatMap { token in
      (0..<dimension).map { d -> Float in
        let tile = token / 16 * tileBytes
        let at = place(d, token % 16)
        switch element {
        case ck_f32: return unsafe memory.floats[tile / 4 + at]
        case ck_f16: return unsafe Float(Float16(bitPattern: memory.halves[tile / 2 + at]))
        default:
          let number = unsafe Int8(bitPattern: memory.bytes[tile + at])
          let scale = unsafe memory.halves[(tile + 16 * dimension) / 2 + d / 32 * 16 + token % 16]
          return Float(number) * Float(bitPattern: UInt32(scale) << 16)
        }
      }
    }
  }
}

import CKernels
import Engine
import Failure
import KVCacheFormat
import Testing

/// Keys and values that a KV format cannot hold are found where they are converted.
@Suite struct StateRangeTests {
  /// The states of some tokens, of a model whose numbers of one tensor are changed.
  private func states(_ tensor: String, _ change: @escaping (Float) -> Float) throws -> SegmentStates {
    var tiny = TinyModel()
    tiny.change = { name, numbers, _ in name.contains(tensor) ? numbers.map(change) : numbers }
    let tokens = (0..<20).map { Int32($0 % 7 + 3) }
    return try tiny.directory().engine(threads: 1)
      .encode(tokens: tokens, positions: tokens.indices.map { Int32($0) }, context: [])
  }

  @Test(arguments: [("k_proj", EngineError.StatePart.key), ("v_proj", .value)])
  func halvesAreTooSmallAndOthersAreNot(tensor: String, part: EngineError.StatePart) throws {
    let states = try states(tensor) { $0 * 1e6 }
    for range in [nil, 3..<15] {
      let error = #expect(throws: EngineError.self) { try states.segment(element: .f16, tokens: range) }
      guard case .stateOutOfRange(0, part, let magnitude, .f16)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(magnitude > 65504)
      #expect(error?.remedies == [.useKVFormat("f32")] && error?.category == .input)
      for element in [KVElement.f32, .q8] { _ = try states.segment(element: element, tokens: range) }
    }
  }

  @Test(arguments: [Float.nan, .infinity], KVElement.allCases)
  func infinitiesAndNaNAreTheModels(strange: Float, element: KVElement) throws {
    for (tensor, part) in [("k_proj", EngineError.StatePart.key), ("v_proj", .value)] {
      let states = try states(tensor) { $0 == 0 ? strange : $0 }
      #expect(throws: EngineError.stateNotFinite(layer: 0, part: part)) { try states.segment(element: element) }
    }
  }

  @Test(arguments: KernelCPU.available)
  func kernelsTellOneStrangeNumberAmongMany(cpu: KernelCPU) {
    cpu.use {
      for count in 1...40 {
        for strange in [Float.nan, .infinity, -.infinity, 65520, -1e9] {
          for index in Set([0, count / 2, count - 1]) {
            var numbers = [Float](repeating: 1, count: count)
            var halves = [UInt16](repeating: 0, count: count)
            #expect(unsafe ck_f32_to_f16(numbers, count, &halves) && ck_is_finite(numbers, count))
            numbers[index] = strange
            #expect(unsafe !ck_f32_to_f16(numbers, count, &halves), "\(strange) at \(index) of \(count)")
            #expect(unsafe ck_is_finite(numbers, count) == strange.isFinite)
          }
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available, [ck_f16, ck_q8])
  func tilesTellOneStrangeNumber(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      for dimension in [8, 48, 64] {
        let tiles = NaNMemory(byteCount: 2 * ck_kv_tile_bytes(element, dimension))
        for strange in [Float.nan, .infinity, 1e9] {
          for (token, index) in [(0, 0), (16, dimension - 1), (19, dimension / 2)] {
            var numbers = [Float](repeating: -0.5, count: 20 * dimension)
            func areStored() -> [Bool] {
              unsafe [
                ck_store_keys(element, dimension, numbers, dimension, 3, 20, tiles.address),
                ck_store_values(element, dimension, numbers, dimension, 3, 20, tiles.address),
              ]
            }
            #expect(areStored() == [true, true])
            numbers[token * dimension + index] = strange
            let canBe = element == ck_q8 && strange.isFinite
            #expect(areStored() == [canBe, canBe], "\(strange), token \(token)")
          }
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func theSmallestNumbersBecomeZeroInEightBits(cpu: KernelCPU) {
    cpu.use {
      let numbers = [Float](repeating: .leastNonzeroMagnitude * 700, count: 64)
      let tile = NaNMemory(byteCount: ck_kv_tile_bytes(ck_q8, 64))
      #expect(unsafe ck_store_values(ck_q8, 64, numbers, 64, 0, 1, tile.address))
      #expect(unsafe tile.bytes.prefix(64).allSatisfy { $0 == 0 })
      var (bytes, scale) = ([UInt8](repeating: 0, count: 64), Float.nan)
      #expect(unsafe ck_quantize_weights(ck_f32, numbers, 64, 0, 1, &bytes, &scale))
      #expect(bytes.allSatisfy { $0 == 128 })
    }
  }
}

import CKernels
import Testing

/// A kind of CPU with kernels of its own.
enum KernelCPU: String, CaseIterable, Sendable {
  case portable, avx2, avx2vnni, avx512, avx512vnni

  /// Every kind that this machine can run.
  static let available = allCases.filter { ck_cpu_is_supported($0.code) }

  var code: ck_cpu {
    switch self {
    case .portable: ck_cpu_portable
    case .avx2: ck_cpu_avx2
    case .avx2vnni: ck_cpu_avx2vnni
    case .avx512: ck_cpu_avx512
    case .avx512vnni: ck_cpu_avx512vnni
    }
  }

  /// Runs `body` with the kernels of this kind.
  func use(_ body: () -> Void) {
    let before = ck_cpu_in_use()
    #expect(ck_cpu_select(code))
    defer { _ = ck_cpu_select(before) }
    body()
  }
}

/// Numbers from a seed, the same on each machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  // SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func numbers(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Memory at a multiple of 64 bytes, each byte 0xFF at first: NaN in every type of number.
@safe final class NaNMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    unsafe bytes = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
  }

  deinit { unsafe bytes.deallocate() }

  var floats: UnsafeMutableBufferPointer<Float> { unsafe bytes.assumingMemoryBound(to: Float.self) }
  var integers: UnsafeMutableBufferPointer<Int32> { unsafe bytes.assumingMemoryBound(to: Int32.self) }
  var halves: UnsafeMutableBufferPointer<UInt16> { unsafe bytes.assumingMemoryBound(to: UInt16.self) }
  var address: UnsafeMutableRawPointer? { unsafe bytes.baseAddress }
}

extension ck_element {
  var byteCount: Int { self == ck_f32 ? 4 : 2 }

  /// The state of one token of one head as this type keeps it.
  func roundedState(_ x: ArraySlice<Float>) -> [Float] {
    guard self == ck_q8 else { return x.map(rounded) }
    return stride(from: x.startIndex, to: x.endIndex, by: 32).flatMap { start -> [Float] in
      let group = x[start..<min(start + 32, x.endIndex)]
      let largest = group.reduce(0) { max($0, abs($1)) }
      let scale = Float(bitPattern: ((largest / 127).bitPattern &+ 0xFFFF) & 0xFFFF_0000)
      return group.map { scale > 0 ? ($0 * (1 / scale)).rounded(.toNearestOrEven) * scale : 0 }
    }
  }

  /// x as this type keeps it.
  func rounded(_ x: Float) -> Float {
    switch self {
    case ck_f16: Float(Float16(x))
    case ck_bf16: Float(bitPattern: bits16(x) << 16)
    default: x
    }
  }

  /// The numbers in this type, at any 2-byte address, with `padding` bytes of NaN behind.
  func encoded(_ x: [Float], padding: Int = 64) -> NaNMemory {
    let memory = NaNMemory(byteCount: x.count * byteCount + padding)
    for (index, value) in x.enumerated() {
      switch self {
      case ck_f16: unsafe memory.halves[index] = Float16(value).bitPattern
      case ck_bf16: unsafe memory.halves[index] = UInt16(bits16(value))
      default: unsafe memory.floats[index] = value
      }
    }
    return memory
  }

  // To nearest, ties to even.
  private func bits16(_ x: Float) -> UInt32 { (x.bitPattern &+ 0x7FFF &+ ((x.bitPattern >> 16) & 1)) >> 16 }
}

/// The largest |x - y|; infinite if anything is NaN on one side alone.
func worst(_ x: some Sequence<Float>, _ y: some Sequence<Double>) -> Double {
  zip(x, y).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - pair.1)
    return Double(pair.0) == pair.1 ? worst : error.isNaN ? .infinity : max(worst, error)
  }
}

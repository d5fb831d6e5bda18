import Glibc

/// Slopes of ALiBi (Press et al. 2021): how fast the score of a head falls with distance.
enum LinearBiases {
  /// Slopes as Falcon's published code has them: powers of 2^(−8/n) for the n heads below the power of two, the odd
  /// powers of its root for the rest, rounded to bf16.
  static func falconSlopes(heads: Int) -> [Float] {
    let even = greatestPowerOfTwo(upTo: heads)
    let base = exp2f(-8 / Float(even))
    let extraBase = exp2f(-4 / Float(even))
    let slopes =
      (0..<even).map { power(base, Float($0 + 1)) }
      + (0..<heads - even).map { power(extraBase, Float(2 * $0 + 1)) }
    return slopes.map(roundedToBFloat16)
  }

  /// Slopes as MPT's published code has them: 2^(−greatest·i/n) for n the next power of two; of these, if the heads
  /// are fewer, every second one first.
  static func mptSlopes(heads: Int, greatest: Float) -> [Float] {
    let floor = greatestPowerOfTwo(upTo: heads)
    let count = floor == heads ? heads : 2 * floor
    let slopes = (1...count).map { 1 / power(2, Float($0) * (greatest / Float(count))) }
    guard count != heads else { return slopes }
    let reordered =
      stride(from: 1, to: count, by: 2).map { slopes[$0] } + stride(from: 0, to: count, by: 2).map { slopes[$0] }
    return Array(reordered.prefix(heads))
  }

  private static func greatestPowerOfTwo(upTo count: Int) -> Int {
    var power = 1
    while power * 2 <= count { power *= 2 }
    return power
  }

  /// Round to nearest, ties to even.
  private static func roundedToBFloat16(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }
}

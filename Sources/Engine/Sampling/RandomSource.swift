/// SplitMix64 (Steele, Lea and Flood 2014): 64 random bits a step from 64 bits of state.
///
/// Named and fixed, so that one seed gives one answer on any machine and in any release.
struct RandomSource: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// A number in 0..<1, a multiple of 2^-53.
  mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

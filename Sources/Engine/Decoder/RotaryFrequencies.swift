/// Angular frequencies of rotary position embeddings (Su et al. 2021), one for each pair of dimensions.
package struct RotaryFrequencies: Equatable, Sendable {
  /// Radians per position; entry i turns dimensions i and i + headDimension/2.
  package let radians: [Float]
  /// What cosine and sine are multiplied by (YaRN's attention factor, 1 otherwise).
  package let amplitude: Float

  /// Frequencies θ^(−2i/d) under a scaling.
  ///
  /// Computed in single precision and in the order in which `transformers` does it, since an angle at a far position
  /// magnifies the last bit of its frequency.
  init(scaling: RotaryScaling, base: Float, headDimension: Int) {
    let pairs = headDimension / 2
    let plain = (0..<pairs).map { 1 / power(base, Float(2 * $0) / Float(headDimension)) }
    switch scaling {
    case .none:
      radians = plain
      amplitude = 1
    case .linear(let factor):
      radians = plain.map { $0 / factor }
      amplitude = 1
    case .factors(let factors):
      radians = plain.enumerated().map { factors.indices.contains($0) ? $1 / Float(factors[$0]) : $1 }
      amplitude = 1
    case .llama3(let llama3):
      radians = plain.map(llama3.scaled)
      amplitude = 1
    case .yarn(let yarn):
      radians = yarn.scaled(plain, base: base, headDimension: headDimension)
      amplitude = yarn.attentionFactor
    }
  }
}

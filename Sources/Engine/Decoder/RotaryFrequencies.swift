/// Angular frequencies of rotary position embeddings (Su et al. 2021), one for each pair of dimensions that turns.
package struct RotaryFrequencies: Equatable, Sendable {
  /// Radians per position; entry i turns dimensions i and i + n, for n entries. Dimensions from 2n on are left alone.
  package let radians: [Float]
  /// The same for texts that are longer than what the model was first trained on, where they have other ones.
  package let extended: [Float]?
  /// What cosine and sine are multiplied by (YaRN's attention factor, 1 otherwise).
  package let amplitude: Float

  /// Frequencies θ^(−2i/d) under a scaling, for the first `dimension` numbers d of a head.
  ///
  /// Computed in single precision and in the order in which `transformers` does it, since an angle at a far position
  /// magnifies the last bit of its frequency.
  init(scaling: RotaryScaling, base: Float, dimension: Int) {
    let pairs = dimension / 2
    let wavelengths = (0..<pairs).map { power(base, Float(2 * $0) / Float(dimension)) }
    let plain = wavelengths.map { 1 / $0 }
    var extended: [Float]?
    var amplitude: Float = 1
    switch scaling {
    case .none: radians = plain
    case .linear(let factor): radians = plain.map { $0 / factor }
    case .factors(let factors):
      radians = plain.enumerated().map { factors.indices.contains($0) ? $1 / Float(factors[$0]) : $1 }
    case .llama3(let llama3): radians = plain.map(llama3.scaled)
    case .yarn(let yarn):
      radians = yarn.scaled(plain, base: base, headDimension: dimension)
      amplitude = yarn.attentionFactor
    case .longRoPE(let longRoPE):
      radians = zip(longRoPE.shortFactors, wavelengths).map { 1 / (Float($0) * $1) }
      extended = zip(longRoPE.longFactors, wavelengths).map { 1 / (Float($0) * $1) }
      amplitude = longRoPE.attentionFactor
    }
    self.extended = extended
    self.amplitude = amplitude
  }
}

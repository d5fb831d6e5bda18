import Glibc

/// How rotary frequencies are stretched to a longer context than the model was first trained on.
enum RotaryScaling: Equatable, Sendable {
  /// As they are. Also `dynamic`, which acts beyond the context length only, where no layout goes.
  case none
  /// All divided by a factor.
  case linear(factor: Float)
  /// Low frequencies divided, high ones kept, blended between (Llama 3.1).
  case llama3(Llama3)
  /// Each divided by a factor of its own.
  case factors([Double])
  /// Blended over a range of dimensions (Peng et al. 2023).
  case yarn(YaRN)
  /// Each divided by a factor of its own, of one list for texts of the original length and of another for longer ones
  /// (Ding et al. 2024).
  case longRoPE(LongRoPE)

  /// Parameters of LongRoPE.
  struct LongRoPE: Equatable, Sendable {
    let shortFactors: [Double]
    let longFactors: [Double]
    let attentionFactor: Float
    /// Positions that the short factors serve.
    let originalContext: Int

    /// √(1 + ln(factor) / ln(original context)): how much longer contexts flatten attention.
    static func attentionScale(factor: Double, originalContext: Double) -> Double {
      factor <= 1 ? 1 : (1 + log(factor) / log(originalContext)).squareRoot()
    }
  }

  /// Parameters of the scaling of Llama 3.1.
  struct Llama3: Equatable, Sendable {
    let factor: Float
    let lowFrequencyFactor: Float
    let highFrequencyFactor: Float
    let originalContext: Float

    func scaled(_ frequency: Float) -> Float {
      let wavelength = 2 * Float.pi / frequency
      if wavelength > originalContext / lowFrequencyFactor { return frequency / factor }
      if wavelength < originalContext / highFrequencyFactor { return frequency }
      let smooth = (originalContext / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
      return (1 - smooth) * frequency / factor + smooth * frequency
    }
  }

  /// Parameters of YaRN.
  struct YaRN: Equatable, Sendable {
    let factor: Double
    let attentionFactor: Float
    let fastRotations: Double
    let slowRotations: Double
    let originalContext: Double
    let truncates: Bool

    func scaled(_ plain: [Float], base: Float, headDimension: Int) -> [Float] {
      var low = correctionDimension(fastRotations, base: base, headDimension: headDimension)
      var high = correctionDimension(slowRotations, base: base, headDimension: headDimension)
      if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
      let (first, last) = (Float(max(low, 0)), Float(min(high, Double(headDimension - 1))))
      let span = first == last ? 0.001 : last - first
      return plain.enumerated().map { pair, frequency in
        let kept = 1 - min(max((Float(pair) - first) / span, 0), 1)
        return frequency / Float(factor) * (1 - kept) + frequency * kept
      }
    }

    /// The dimension whose pair turns `rotations` times over the original context.
    private func correctionDimension(_ rotations: Double, base: Float, headDimension: Int) -> Double {
      Double(headDimension) * log(originalContext / (rotations * 2 * .pi)) / (2 * log(Double(base)))
    }

    /// 0.1 · weight · ln(factor) + 1: how much longer contexts flatten attention.
    static func attentionScale(factor: Double, weight: Double = 1) -> Double {
      factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
    }
  }
}

/// base^exponent in single precision.
func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }

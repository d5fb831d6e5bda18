/// y = x · Wᵀ + b, as checkpoints store it.
struct Linear: Sendable {
  let weight: WeightMatrix
  /// One number an output.
  let bias: [Float]?
}

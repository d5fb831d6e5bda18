/// y = x · Wᵀ + b, as checkpoints store it.
struct Linear: Sendable {
  /// What the checkpoint calls it.
  let name: String
  var weight: WeightMatrix
  /// One number an output.
  let bias: [Float]?
}

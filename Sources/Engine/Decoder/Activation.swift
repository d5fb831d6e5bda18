/// What stands between the two products of a feed-forward layer.
package enum Activation: Equatable, Sendable {
  /// x · σ(x).
  case silu
  /// x · Φ(x), by the error function.
  case gelu
  /// The approximation of `gelu` by tanh.
  case geluTanh
  /// max(x, 0).
  case relu

  private static let names: [String: Activation] = [
    "silu": .silu, "swish": .silu, "gelu": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
    "gelu_fast": .geluTanh, "relu": .relu,
  ]

  /// The function that `config.json` calls `name` at `key`.
  ///
  /// - Throws: `EngineError.unsupportedOption`.
  package init(named name: String, key: String) throws(EngineError) {
    guard let activation = Self.names[name] else {
      throw .unsupportedOption(key: key, value: name, supported: Self.names.keys.sorted())
    }
    self = activation
  }
}

/// Kinds of decoders that this engine does not compute, by what they have that others have not, so that a refusal can say
/// why.
enum UncomputedModel: Equatable {
  /// Layers whose state is a fold over all that came before.
  case folds(layerType: String)
  /// A feed-forward that is a mixture of experts.
  case experts

  /// The kind of an architecture, as a checkpoint or a GGUF file calls it; `nil` if its name tells none.
  init?(named name: String) {
    let name = name.lowercased().filter { $0.isLetter || $0.isNumber }
    if let found = Self.foldingFamilies.first(where: { name.contains($0.part) }) {
      self = .folds(layerType: found.layerType)
    } else if Self.expertFamilies.contains(where: name.contains) {
      self = .experts
    } else {
      return nil
    }
  }

  /// The kind of a layer that folds, as `layer_types` calls it; `nil` for others.
  init?(layerType name: String) {
    guard let layerType = Self.foldingLayers[name] else { return nil }
    self = .folds(layerType: layerType)
  }

  private static let (stateSpace, linear, convolution) = ("state-space", "linear-attention", "short-convolution")

  /// Parts of names, in small letters and without marks, and what layers the families have. The first that fits counts.
  private static let foldingFamilies: [(part: String, layerType: String)] = [
    ("mamba", stateSpace), ("jamba", stateSpace), ("bamba", stateSpace), ("zamba", stateSpace),
    ("falconh1", stateSpace), ("nemotronh", stateSpace), ("plamo2", stateSpace), ("granitemoehybrid", stateSpace),
    ("granitehybrid", stateSpace), ("hymba", stateSpace), ("rwkv", linear), ("qwen3next", linear), ("qwen35", linear),
    ("kimilinear", linear), ("minimaxm1", linear), ("minimaxtext", linear), ("minimaxforcausallm", linear),
    ("recurrentgemma", "recurrent"), ("xlstm", "recurrent"), ("lfm2", convolution), ("hyena", convolution),
  ]

  private static let foldingLayers = [
    "linear_attention": linear, "lightning_attention": linear, "mamba": stateSpace, "mamba2": stateSpace,
    "ssm": stateSpace, "recurrent": "recurrent", "conv": convolution, "short_conv": convolution,
  ]

  private static let expertFamilies = [
    "moe", "mixtral", "deepseekv2", "deepseekv3", "deepseek2", "gptoss", "llama4", "dbrx", "grok", "arctic", "phimoe",
  ]
}

/// Types of numbers that weights may be stored in, named as safetensors names them.
enum WeightElement: String, CaseIterable, Sendable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"

  /// Bytes a number takes.
  var byteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    }
  }
}

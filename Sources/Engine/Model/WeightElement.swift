import CKernels

/// Types of numbers that weights are multiplied in.
enum WeightElement: String, CaseIterable, Sendable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  /// A byte each, with a scale for each group of a row: made by this engine, not found in files.
  case q8 = "Q8"
  // Blocks as GGUF files hold them, read as they lie.
  case q4_0 = "Q4_0"
  case q4_1 = "Q4_1"
  case q5_0 = "Q5_0"
  case q5_1 = "Q5_1"
  case q8_0 = "Q8_0"
  case iq4_nl = "IQ4_NL"
  case q4_K = "Q4_K"
  case q5_K = "Q5_K"
  case q6_K = "Q6_K"

  /// What activations have to be made into to meet weights of a type.
  enum ActivationForm: CaseIterable {
    /// Numbers in f32.
    case plain
    /// Sixteen bits for a few rows, else eight, with a scale for each 64 of a row.
    case groups
    /// The same for weights in blocks: with a scale for each 32 where there are eight bits.
    case blocks
  }

  /// Types that safetensors files hold, named as safetensors names them.
  static let stored: [WeightElement] = [.f32, .f16, .bf16]

  /// The type that safetensors calls `name`.
  init?(safetensorsName name: String) {
    guard let element = Self.stored.first(where: { $0.rawValue == name }) else { return nil }
    self = element
  }

  /// Bytes that a row of `columns` numbers takes, its scales aside where they lie apart.
  func rowBytes(columns: Int) -> Int {
    self == .q8 ? ck_q8_row_bytes(columns) : columns / blockNumbers * ck_block_bytes(kernelElement)
  }

  /// Numbers of a block; a row is a whole number of these.
  var blockNumbers: Int { self == .q8 ? 1 : ck_block_numbers(kernelElement) }

  /// What activations are made into.
  var activationForm: ActivationForm {
    switch self {
    case .f32, .f16, .bf16: .plain
    case .q8: .groups
    default: .blocks
    }
  }

  var kernelElement: ck_element {
    switch self {
    case .f32: ck_f32
    case .f16: ck_f16
    case .bf16: ck_bf16
    case .q8: ck_q8
    case .q4_0: ck_q4_0
    case .q4_1: ck_q4_1
    case .q5_0: ck_q5_0
    case .q5_1: ck_q5_1
    case .q8_0: ck_q8_0
    case .iq4_nl: ck_iq4_nl
    case .q4_K: ck_q4_k
    case .q5_K: ck_q5_k
    case .q6_K: ck_q6_k
    }
  }
}

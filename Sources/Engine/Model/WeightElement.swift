import CKernels

/// Types of numbers that weights are multiplied in.
enum WeightElement: String, CaseIterable, Sendable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  /// A byte each, with a scale for each group of a row.
  case q8 = "Q8"

  /// Types that checkpoints hold, named as safetensors names them.
  static let stored: [WeightElement] = [.f32, .f16, .bf16]

  /// The type that safetensors calls `name`.
  init?(safetensorsName name: String) {
    guard let element = Self.stored.first(where: { $0.rawValue == name }) else { return nil }
    self = element
  }

  /// Bytes that a row of `columns` numbers takes, its scales aside.
  func rowBytes(columns: Int) -> Int {
    switch self {
    case .f32: 4 * columns
    case .f16, .bf16: 2 * columns
    case .q8: ck_q8_row_bytes(columns)
    }
  }

  var kernelElement: ck_element {
    switch self {
    case .f32: ck_f32
    case .f16: ck_f16
    case .bf16: ck_bf16
    case .q8: ck_q8
    }
  }
}

import CKernels
import Glibc

extension Activation {
  /// x = activation(x), number by number.
  func apply(_ x: UnsafeMutablePointer<Float>, count: Int) {
    switch self {
    case .gelu: unsafe ck_gelu_erf(x, count, x)
    case .geluTanh: unsafe ck_gelu_tanh(x, count, x)
    case .relu: for index in 0..<count { unsafe x[index] = max(x[index], 0) }
    case .silu: for index in 0..<count { unsafe x[index] /= 1 + exp(-x[index]) }
    }
  }

  /// y = activation(x) · y, number by number; x is used up.
  func apply(_ x: UnsafeMutablePointer<Float>, multiplying y: UnsafeMutablePointer<Float>, count: Int) {
    if self == .silu {
      unsafe ck_silu_multiply(x, y, count, y)
    } else {
      unsafe apply(x, count: count)
      for index in 0..<count { unsafe y[index] *= x[index] }
    }
  }
}

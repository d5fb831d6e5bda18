internal import CXXHash

/// An XXH3 checksum, 64 bits, in progress.
@safe struct Checksum: ~Copyable {
  private let state: OpaquePointer

  init() {
    // Both fail only for want of memory, which Swift itself does not survive either.
    guard let state = unsafe XXH3_createState(), unsafe XXH3_64bits_reset(state) == XXH_OK else {
      preconditionFailure("no memory for a checksum")
    }
    unsafe self.state = state
  }

  deinit { unsafe XXH3_freeState(state) }

  /// Feeds bytes.
  func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { bytes in
      _ = unsafe XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
    }
  }

  /// The checksum of what was fed.
  var value: UInt64 { unsafe XXH3_64bits_digest(state) }

  /// The checksum of `bytes`.
  static func of(_ bytes: RawSpan) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe XXH3_64bits($0.baseAddress, $0.count) }
  }
}

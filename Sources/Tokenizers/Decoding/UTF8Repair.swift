/// Makes valid UTF-8 of bytes that come bit by bit.
///
/// Each maximal part of a character that does not go on as one becomes U+FFFD, as Rust's `from_utf8_lossy` has it (The
/// Unicode Standard, 3.9, "U+FFFD Substitution of Maximal Subparts"); a character is handed on when it is whole.
struct UTF8Repair {
  static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

  private var pending: [UInt8] = []
  private var missing = 0
  /// What the next byte must be.
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Takes a byte, and appends what is decided by it.
  mutating func append(_ byte: UInt8, to result: inout [UInt8]) {
    if missing > 0, allowed.contains(byte) {
      pending.append(byte)
      missing -= 1
      allowed = 0x80...0xBF
      if missing == 0 {
        result += pending
        pending.removeAll(keepingCapacity: true)
      }
      return
    }
    finish(appendingTo: &result)
    switch byte {
    case 0x00...0x7F: result.append(byte)
    case 0xC2...0xDF: begin(byte, missing: 1)
    case 0xE0: begin(byte, missing: 2, 0xA0...0xBF)
    case 0xED: begin(byte, missing: 2, 0x80...0x9F)
    case 0xE1...0xEF: begin(byte, missing: 2)
    case 0xF0: begin(byte, missing: 3, 0x90...0xBF)
    case 0xF1...0xF3: begin(byte, missing: 3)
    case 0xF4: begin(byte, missing: 3, 0x80...0x8F)
    default: result += Self.replacement
    }
  }

  /// Gives up on a character that is not whole.
  mutating func finish(appendingTo result: inout [UInt8]) {
    guard missing > 0 else { return }
    result += Self.replacement
    pending.removeAll(keepingCapacity: true)
    missing = 0
  }

  private mutating func begin(_ byte: UInt8, missing: Int, _ allowed: ClosedRange<UInt8> = 0x80...0xBF) {
    pending.append(byte)
    self.missing = missing
    self.allowed = allowed
  }
}

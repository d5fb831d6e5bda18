/// Numbers that files may hold: 0 to 2⁵³.
///
/// Every number of 8 bytes in a file is checked against this range when it is read. So it can be negated, written as JSON,
/// or added to a thousand others without overflow.
enum StoredNumber {
  static let limit = 1 << 53

  /// The number that `value` is; `nil` if it is not in `range`.
  static func read(_ value: UInt64, in range: ClosedRange<Int> = 0...limit) -> Int? {
    Int(exactly: value).flatMap { range.contains($0) ? $0 : nil }
  }

  /// What is written for `number`: the nearest that may be.
  static func written(_ number: Int) -> UInt64 { UInt64(min(max(number, 0), limit)) }
}

/// Names of schemas and namespaces, and labels of encodings: text that people read.
enum StoredName {
  /// Bytes of UTF-8 that one may have.
  static let limit = 1024

  /// Throws if `name` is too long.
  static func check(_ name: String) throws(StoreError) {
    let byteCount = name.utf8.count
    guard byteCount <= limit else {
      throw .nameTooLong(name: String(name.prefix(60)), byteCount: byteCount, limit: limit)
    }
  }

  /// As much of `label` as may be kept.
  static func clipped(_ label: String) -> String {
    guard label.utf8.count > limit else { return label }
    var clipped = ""
    var byteCount = "…".utf8.count
    for scalar in label.unicodeScalars {
      byteCount += scalar.utf8.count
      if byteCount > limit { break }
      clipped.unicodeScalars.append(scalar)
    }
    return clipped + "…"
  }
}

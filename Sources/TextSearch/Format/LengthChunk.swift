/// Words in each of some documents whose numbers follow each other.
struct LengthChunk {
  static let documentCount = 512
  /// Stands for a number that no document has.
  static let none = UInt32.max

  /// A length for each number, `documentCount` of them.
  var lengths: [UInt32]

  /// Where none of the documents is there.
  init() { lengths = Array(repeating: Self.none, count: Self.documentCount) }

  /// The chunk that `bytes` hold; `nil` if they hold none.
  init?(bytes: [UInt8]) {
    guard bytes.count == 4 * Self.documentCount else { return nil }
    lengths = stride(from: 0, to: bytes.count, by: 4).map { offset in
      UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
        | UInt32(bytes[offset + 3]) << 24
    }
  }

  /// Four bytes each, the lowest first.
  var bytes: [UInt8] { lengths.flatMap { length in (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } } }

  /// Which chunk a document is in, and where there.
  static func place(of document: Int) -> (chunk: Int, index: Int) {
    (document / documentCount, document % documentCount)
  }
}

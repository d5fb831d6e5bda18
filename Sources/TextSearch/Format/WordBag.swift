/// A document's words without their order: for each, by rising number, how much its number is above the last one's, and how
/// often it is there; numbers of seven bits a byte, the lowest first, the eighth set in all but the last byte.
struct WordBag {
  /// A word and how often it is there.
  struct Entry: Equatable {
    let word: Int
    let count: Int
  }

  /// By rising number of the word.
  let entries: [Entry]

  /// How many words there are, repeated ones counted.
  var length: Int { entries.reduce(0) { $0 + $1.count } }

  /// A bag of these words, in any order, each once.
  init(_ entries: [Entry]) { self.entries = entries.sorted { $0.word < $1.word } }

  /// The bag that `bytes` hold; `nil` if they hold none.
  init?(bytes: [UInt8]) {
    var reader = Reader(bytes)
    var entries: [Entry] = []
    entries.reserveCapacity(bytes.count / 2)
    while let entry = reader.next() { entries.append(entry) }
    guard !reader.isDamaged else { return nil }
    self.entries = entries
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * 3)
    var last = 0
    for entry in entries {
      Self.append(entry.word - last, to: &bytes)
      Self.append(entry.count, to: &bytes)
      last = entry.word
    }
    return bytes
  }

  private static func append(_ number: Int, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension WordBag {
  /// Reads a bag's entries one by one.
  struct Reader {
    /// Whether the bytes hold no bag.
    private(set) var isDamaged = false
    private let bytes: [UInt8]
    private var offset = 0
    private var last = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Entry? {
      guard offset < bytes.count else { return nil }
      guard let difference = number(), let count = number(), difference > 0, count > 0 else {
        isDamaged = true
        offset = bytes.count
        return nil
      }
      last += difference
      return Entry(word: last, count: count)
    }

    /// At most five bytes, so that no sum of a bag's numbers overflows.
    private mutating func number() -> Int? {
      var (number, shift) = (0, 0)
      while offset < bytes.count, shift < 35 {
        let byte = bytes[offset]
        offset += 1
        number |= Int(byte & 0x7F) << shift
        if byte < 0x80 { return number }
        shift += 7
      }
      return nil
    }
  }
}

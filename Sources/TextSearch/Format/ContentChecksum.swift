/// FNV-1a (64 bits) over what an index says only once: its stamp, its libraries and documents, apart from their words.
struct ContentChecksum {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  /// As SQLite keeps it.
  private var value: Int { Int(truncatingIfNeeded: state) }

  /// The checksum of what is in the tables.
  static func value(in database: Database, stamp: [UInt8]) throws(TextIndexError) -> Int {
    var checksum = ContentChecksum()
    checksum.add(stamp)
    try Statement("SELECT id, documents, words, name FROM library ORDER BY id", in: database)
      .rows([]) { (row) throws(TextIndexError) in
        for column in 0..<3 { checksum.add(row.integer(Int32(column))) }
        checksum.add(row.bytes(3))
        return true
      }
    try Statement("SELECT id, library, place, name, digest FROM document ORDER BY id", in: database)
      .rows([]) { (row) throws(TextIndexError) in
        for column in 0..<3 { checksum.add(row.integer(Int32(column))) }
        for column in 3..<5 { checksum.add(row.bytes(Int32(column))) }
        return true
      }
    return checksum.value
  }

  private mutating func add(_ number: Int) {
    for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
  }

  private mutating func add(_ bytes: [UInt8]) {
    add(bytes.count)
    for byte in bytes { add(byte) }
  }

  private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
}

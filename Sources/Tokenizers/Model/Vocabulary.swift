/// Tokens by their bytes and by their ID.
///
/// All bytes lie in one arena, and a hash table of IDs over it (open addressing, linear probing, at most half full)
/// finds a token without an allocation.
struct Vocabulary: Sendable {
  /// Highest ID that is taken: the tables by ID are as long as the highest one in use.
  static let highestID = 1 << 22 - 1

  private struct Extent: Sendable {
    var start: Int
    /// -1 where the ID has no token.
    var length: Int
  }

  private var arena: [UInt8] = []
  private var extents: [Extent] = []  // by ID
  private var slots: [Int32] = [Int32](repeating: -1, count: 64)  // IDs, -1 for an empty one
  /// Number of tokens.
  private(set) var count = 0

  /// Highest ID in use + 1.
  var size: Int { extents.count }

  /// Adds a token, whose bytes `write` appends to the arena, under the ID that it returns; nothing if that is `nil`.
  ///
  /// A token that is there already gets the new ID instead of the old one.
  ///
  /// - Returns: whether there was a token to add.
  mutating func insert(_ write: (inout [UInt8]) throws(TokenizerError) -> Int?) throws(TokenizerError) -> Bool {
    let start = arena.count
    guard let id = try write(&arena) else { return false }
    let range = start..<arena.count
    guard id <= Self.highestID else {
      throw TokenizerError(.idOutOfRange(token: text(of: range), id: id, limit: Self.highestID))
    }
    let slot = slotIndex(of: arena.span.extracting(range))
    let previous = slots[slot]
    if previous >= 0 {
      extents[Int(previous)].length = -1
      count -= 1
    }
    while extents.count <= id { extents.append(Extent(start: 0, length: -1)) }
    guard extents[id].length < 0 else {
      let holder = extents[id]
      let first = text(of: holder.start..<holder.start + holder.length)
      throw TokenizerError(.duplicateID(id, first: first, second: text(of: range)))
    }
    extents[id] = Extent(start: start, length: range.count)
    slots[slot] = Int32(id)
    count += 1
    if count * 2 > slots.count { grow() }
    return true
  }

  /// The ID of the token of these bytes.
  func id(of token: Span<UInt8>) -> Int32? {
    let id = slots[slotIndex(of: token)]
    return id < 0 ? nil : id
  }

  /// The ID of the token that `text` spells.
  func id(of text: String) -> Int32? { id(of: text.utf8.span) }

  /// The bytes of the token with this ID.
  func bytes(of id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, id < extents.count else { return nil }
    let extent = extents[Int(id)]
    return extent.length < 0 ? nil : arena[extent.start..<extent.start + extent.length]
  }

  /// The token with this ID, for messages.
  func text(of id: Int32) -> String { bytes(of: id).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  private func text(of range: Range<Int>) -> String { String(decoding: arena[range], as: UTF8.self) }

  /// The slot that holds a token, or the empty one where it would go.
  private func slotIndex(of token: Span<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: token.hash) & mask
    while slots[slot] >= 0, !isToken(slots[slot], token) { slot = (slot + 1) & mask }
    return slot
  }

  private func isToken(_ id: Int32, _ token: Span<UInt8>) -> Bool {
    let extent = extents[Int(id)]
    guard extent.length == token.count else { return false }
    for index in token.indices where arena[extent.start + index] != token[index] { return false }
    return true
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    let mask = slots.count - 1
    for (id, extent) in extents.enumerated() where extent.length >= 0 {
      let hash = arena.span.extracting(extent.start..<extent.start + extent.length).hash
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(id)
    }
  }
}

extension Span<UInt8> {
  /// A hash of the bytes (FNV-1a, 64 bits, its high half folded onto the low one).
  var hash: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in indices { hash = (hash ^ UInt64(self[index])) &* 0x100_0000_01B3 }
    return hash ^ hash >> 32
  }
}

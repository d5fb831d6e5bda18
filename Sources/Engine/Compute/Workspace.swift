/// Scratch memory of one pass, kept from pass to pass so that a decoding step allocates nothing.
final class Workspace {
  /// What the memory is used for.
  enum Slot: Int, CaseIterable {
    case hidden, normalized, projection, attended, up, branch, rotary, partials, partialLogarithms, logarithms
    case packed, packedGroups, packedBlocks
    case askedHidden, askedAttended, askedNormalized, logits
  }

  private var memories: [FloatMemory?] = Array(repeating: nil, count: Slot.allCases.count)

  /// A matrix in the memory of `slot`, with whatever was left there.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  func matrix(_ slot: Slot, rows: Int, columns: Int) throws(EngineError) -> Matrix {
    let count = rows * columns
    // What an earlier pass's logits still refer to stays as it is.
    if slot == .logits, memories[slot.rawValue] != nil, !isKnownUniquelyReferenced(&memories[slot.rawValue]) {
      memories[slot.rawValue] = nil
    }
    if let memory = memories[slot.rawValue], memory.count >= count {
      return Matrix(memory, rows: rows, columns: columns)
    }
    memories[slot.rawValue] = nil  // give the old memory back first
    let memory = try FloatMemory(count: count)
    memories[slot.rawValue] = memory
    return Matrix(memory, rows: rows, columns: columns)
  }
}

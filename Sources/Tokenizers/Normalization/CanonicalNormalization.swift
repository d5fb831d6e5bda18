/// Unicode normal forms C and D (UAX #15), with the library's tables.
struct CanonicalNormalization: Sendable {
  static let shared = CanonicalNormalization()

  /// Full decompositions by code point.
  private var decompositions: [UInt32: [UInt32]] = [:]
  /// Compositions by their two parts.
  private var compositions: [UInt64: UInt32] = [:]
  /// Combining classes other than 0.
  private var combiningClasses: [UInt32: UInt8] = [:]
  private let classes = CharacterClassTable.shared

  private init() {
    for entry in UnicodeTables.combiningClasses {
      combiningClasses[entry & 0x1FFFFF] = UInt8(truncatingIfNeeded: entry >> 21)
    }
    let table = UnicodeTables.decompositions
    for index in stride(from: 0, to: table.count - 2, by: 3) {
      let codePoint = table[index] & 0x1FFFFF
      decompositions[codePoint] = table[index + 2] == 0 ? [table[index + 1]] : [table[index + 1], table[index + 2]]
      if table[index] >> 21 != 0 { compositions[Self.pair(table[index + 1], table[index + 2])] = codePoint }
    }
    for (codePoint, parts) in decompositions { decompositions[codePoint] = fullDecomposition(parts) }
  }

  private func fullDecomposition(_ parts: [UInt32]) -> [UInt32] {
    parts.flatMap { part in decompositions[part].map(fullDecomposition) ?? [part] }
  }

  /// Normal form D of valid UTF-8.
  func decomposed(_ text: [UInt8]) -> [UInt8] {
    guard contains(.changedByNFD, in: text) else { return text }
    return Self.encoded(decomposition(of: text))
  }

  /// Normal form C of valid UTF-8.
  func composed(_ text: [UInt8]) -> [UInt8] {
    guard contains(.changedByNFC, in: text) else { return text }
    return Self.encoded(composition(of: decomposition(of: text)))
  }

  private func contains(_ characterClass: CharacterClass, in text: [UInt8]) -> Bool {
    var index = 0
    while index < text.count {
      let (codePoint, end) = UTF8Character.decode(text, at: index)
      if !classes[codePoint].isDisjoint(with: characterClass) { return true }
      index = end
    }
    return false
  }

  // MARK: Decomposition

  private func decomposition(of text: [UInt8]) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let (codePoint, end) = UTF8Character.decode(text, at: index)
      index = end
      if Hangul.isSyllable(codePoint) {
        result += Hangul.decomposition(of: codePoint)
      } else if !classes[codePoint].isDisjoint(with: .changedByNFD), let parts = decompositions[codePoint] {
        result += parts
      } else {
        result.append(codePoint)
      }
    }
    putInOrder(&result)
    return result
  }

  /// Sorts each run of characters of a combining class other than 0 by their class.
  private func putInOrder(_ text: inout [UInt32]) {
    var start: Int?  // of a run
    for index in 0...text.count {
      let isCombining = index < text.count && combiningClass(of: text[index]) != 0
      if isCombining, start == nil { start = index }
      guard !isCombining, let runStart = start.take(), index - runStart > 1 else { continue }
      // Swift's sort keeps the order of equals, though its contract does not say so: the position settles it.
      let run = text[runStart..<index].enumerated().sorted { left, right in
        let classes = (combiningClass(of: left.element), combiningClass(of: right.element))
        return classes.0 != classes.1 ? classes.0 < classes.1 : left.offset < right.offset
      }
      text.replaceSubrange(runStart..<index, with: run.map(\.element))
    }
  }

  private func combiningClass(of codePoint: UInt32) -> UInt8 {
    classes[codePoint].isDisjoint(with: .changedByNFD) ? 0 : combiningClasses[codePoint] ?? 0
  }

  // MARK: Composition

  private func composition(of text: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(text.count)
    var starter: Int?  // index in the result of the last starter
    var lastClass: UInt8 = 0  // of what stands right after the starter, or 0
    for codePoint in text {
      let combiningClass = combiningClass(of: codePoint)
      // A character is blocked from the starter by one of its own class or a higher one, and by another starter.
      let isAdjacent = starter == result.count - 1
      if let index = starter, isAdjacent || lastClass != 0 && lastClass < combiningClass,
        let composed = composition(result[index], codePoint)
      {
        result[index] = composed
        continue
      }
      if combiningClass == 0 { starter = result.count }
      lastClass = combiningClass
      result.append(codePoint)
    }
    return result
  }

  private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    Hangul.composition(first, second) ?? compositions[Self.pair(first, second)]
  }

  private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

  private static func encoded(_ text: [UInt32]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for codePoint in text {
      guard let scalar = UnicodeScalar(codePoint) else { continue }
      result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
    return result
  }
}

/// Hangul syllables, which decompose by arithmetic (The Unicode Standard, 3.12).
private enum Hangul {
  private static let syllables: UInt32 = 0xAC00
  private static let leading: UInt32 = 0x1100
  private static let vowels: UInt32 = 0x1161
  private static let trailing: UInt32 = 0x11A7  // one before the first
  private static let leadingCount: UInt32 = 19
  private static let vowelCount: UInt32 = 21
  private static let trailingCount: UInt32 = 28
  private static let syllableCount = leadingCount * vowelCount * trailingCount

  static func isSyllable(_ codePoint: UInt32) -> Bool { codePoint &- syllables < syllableCount }

  static func decomposition(of syllable: UInt32) -> [UInt32] {
    let index = syllable - syllables
    let parts = [
      leading + index / (vowelCount * trailingCount), vowels + index / trailingCount % vowelCount,
      trailing + index % trailingCount,
    ]
    return parts[2] == trailing ? Array(parts.prefix(2)) : parts
  }

  static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first &- leading < leadingCount, second &- vowels < vowelCount {
      return syllables + ((first - leading) * vowelCount + second - vowels) * trailingCount
    }
    if isSyllable(first), (first - syllables) % trailingCount == 0, second > trailing,
      second - trailing < trailingCount
    {
      return first + second - trailing
    }
    return nil
  }
}

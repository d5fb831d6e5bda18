internal import Foundation

/// Cuts text of any script into words.
///
/// A word is a run of letters, marks and numbers (Unicode's general categories) that begins with a letter or a number.
/// Where a script sets no spaces between words, each two neighbouring characters are a word, overlapping, and one that stands alone
/// is one itself. Characters that are not seen (soft hyphens, joiners, variation selectors) part no word and are left out;
/// all else parts words. Text counts in its composed form (NFC).
enum WordSplitter {
  /// Bytes of a word, in UTF-8, that count; the rest of a longer one is left out.
  static let longestWord = 256

  /// The words of `text` in UTF-8, a space between each two.
  static func words(of text: String) -> [UInt8] {
    var splitter = Splitting()
    for scalar in composed(text).unicodeScalars { splitter.add(scalar) }
    splitter.endWord()
    return splitter.output
  }

  /// The text with marks composed, where it has any that may be.
  private static func composed(_ text: String) -> String {
    let mayChange = text.unicodeScalars.contains { scalar in
      // Below lie neither marks nor letters to be composed; Hangul's parts combine without being marks.
      scalar.value >= 0x300
        && (scalar.properties.canonicalCombiningClass != .notReordered || 0x1161...0x11C2 ~= scalar.value)
    }
    return mayChange ? text.precomposedStringWithCanonicalMapping : text
  }
}

/// The state between two characters.
private struct Splitting {
  var output: [UInt8] = []
  /// The current word, or character of a script without spaces, with its marks.
  private var current: [UInt8] = []
  /// The character before the current one, where both are of a script without spaces and nothing stands between them.
  private var previous: [UInt8] = []
  /// Whether the current character is of a script without spaces.
  private var isSpaceless = false
  /// Whether `previous` is a part of a word already.
  private var isPreviousWritten = false

  mutating func add(_ scalar: Unicode.Scalar) {
    switch ScalarClass(scalar) {
    case .separator: endWord()
    case .ignored: return
    // A mark at the beginning marks nothing.
    case .mark: if !current.isEmpty { append(scalar) }
    case .word:
      if isSpaceless { endWord() }
      append(scalar)
    case .spaceless:
      if isSpaceless { endCharacter() } else { endWord() }
      isSpaceless = true
      append(scalar)
    }
  }

  mutating func endWord() {
    if isSpaceless {
      endCharacter()
      if !isPreviousWritten { write(previous) }
      previous = []
      isPreviousWritten = false
      isSpaceless = false
    } else {
      write(current)
    }
    current.removeAll(keepingCapacity: true)
  }

  /// Ends a character of a script without spaces: with the one before, it is a word.
  private mutating func endCharacter() {
    if !previous.isEmpty {
      write(previous + current)
      isPreviousWritten = true
    }
    previous = current
    current.removeAll(keepingCapacity: true)
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.isASCII {
      if current.count < WordSplitter.longestWord { current.append(UInt8(truncatingIfNeeded: scalar.value)) }
    } else {
      let bytes = UTF8.encode(scalar)
      if let bytes, current.count + bytes.count <= WordSplitter.longestWord { current.append(contentsOf: bytes) }
    }
  }

  private mutating func write(_ word: [UInt8]) {
    guard !word.isEmpty else { return }
    if !output.isEmpty { output.append(UInt8(ascii: " ")) }
    output.append(contentsOf: word)
  }
}

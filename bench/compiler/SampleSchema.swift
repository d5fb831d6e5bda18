/// Schemas of any size with the same text per module: documents in paragraphs, some of them nested, some in unions, one in
/// five with a parameter.
struct SampleSchema {
  private var words = WordSource(seed: 1)

  /// A schema of this many modules, each with text of about this many bytes.
  static func text(modules: Int, bytesEach: Int) -> String {
    var sample = SampleSchema()
    var text = "<schema name=\"sample\">\n  Answer from the documents.\n"
    var number = 0
    while number < modules {
      let left = modules - number
      switch number % 10 {
      case 3 where left >= 3:
        let members = (0..<3).map { sample.module(number + $0, bytes: bytesEach) }
        text += "  <union>\n\(members.joined())  </union>\n"
        number += 3
      case 7 where left >= 2:
        text += sample.module(number, bytes: bytesEach, holding: sample.module(number + 1, bytes: bytesEach))
        number += 2
      default:
        text += sample.module(number, bytes: bytesEach)
        number += 1
      }
    }
    return text + "</schema>\n"
  }

  private mutating func module(_ number: Int, bytes: Int, holding nested: String = "") -> String {
    let parameter =
      number % 5 == 0
      ? "\n    It takes <parameter name=\"days\" length=\"8\" scaffold=\"three\" default=\"two\"/> days." : ""
    return """
        <module name="document-\(number)">
          # Document \(number)
      \(words.paragraphs(bytes: bytes))\(parameter)
      \(nested)  </module>

      """
  }
}

/// Sentences of made-up words, of which few are frequent and many rare, as in any language.
private struct WordSource {
  private var state: UInt64
  private let words: [String]

  init(seed: UInt64) {
    state = seed
    let onsets = ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl", "ch"]
    let rhymes = ["a", "e", "i", "o", "u", "an", "er", "in", "ol", "ut", "ea", "ing", "ent", "as"]
    var words: [String] = ["the", "of", "and", "to", "in", "is", "that", "it", "for", "was"]
    for first in onsets {
      for rhyme in rhymes {
        words.append(first + rhyme)
        for second in onsets { words.append(first + rhyme + second + rhymes[(words.count * 7) % rhymes.count]) }
      }
    }
    self.words = words
  }

  mutating func paragraphs(bytes: Int) -> String {
    var text = "    "
    var sentence = 0
    while text.utf8.count < bytes {
      // Squaring makes the words at the beginning of the list frequent.
      let random = Double(next() >> 11) / Double(1 << 53)
      let word = words[Int(random * random * random * Double(words.count))]
      text += sentence == 0 ? word.prefix(1).uppercased() + word.dropFirst() : " " + word
      sentence += 1
      if sentence == 12 {
        text += next() % 5 == 0 ? ".\n    " : ". "
        sentence = 0
      }
    }
    return text
  }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A part of a token's text on its way through the decoder.
struct Fragment {
  var bytes: [UInt8]
  /// The token ends with it.
  var endsToken: Bool
}

/// One step of a decoder, fed token by token.
///
/// It hands on what no later token can change, so that decoding all at once and decoding as tokens come are the same
/// computation. Fragments begin and end between characters.
protocol DecodingStage: Sendable {
  /// What follows from the next fragment.
  mutating func process(_ fragment: Fragment) -> [Fragment]
  /// What is left when no more tokens come.
  mutating func finish() -> [Fragment]
}

extension DecodingStage {
  mutating func finish() -> [Fragment] { [] }
}

/// Joins tokens to one, which ends when all do.
struct FuseStage: DecodingStage {
  func process(_ fragment: Fragment) -> [Fragment] { [Fragment(bytes: fragment.bytes, endsToken: false)] }

  func finish() -> [Fragment] { [Fragment(bytes: [], endsToken: true)] }
}

/// Puts a space between tokens: what the library does without a decoder.
struct SpaceStage: DecodingStage {
  private var isFirst = true
  private var isAtStart = true

  mutating func process(_ fragment: Fragment) -> [Fragment] {
    let needsSpace = isAtStart && !isFirst
    isFirst = false
    isAtStart = fragment.endsToken
    return [Fragment(bytes: needsSpace ? [UInt8(ascii: " ")] + fragment.bytes : fragment.bytes, endsToken: isAtStart)]
  }
}

/// Replaces a text within each token.
struct ReplaceStage: DecodingStage {
  let replacement: ByteReplacement
  private var held: [UInt8] = []

  init(_ replacement: ByteReplacement) { self.replacement = replacement }

  mutating func process(_ fragment: Fragment) -> [Fragment] {
    held += fragment.bytes
    var result: [UInt8] = []
    held.removeFirst(replacement.replace(in: held, appendingTo: &result))
    if fragment.endsToken {
      result += held
      held.removeAll(keepingCapacity: true)
    }
    return [Fragment(bytes: result, endsToken: fragment.endsToken)]
  }
}

/// Makes spaces of the character that stands for them; drops it in the first token, where encoding put one.
struct MetaspaceStage: DecodingStage {
  let character: [UInt8]
  let dropsFirst: Bool
  private var isFirst = true

  init(character: [UInt8], dropsFirst: Bool) {
    self.character = character
    self.dropsFirst = dropsFirst
  }

  mutating func process(_ fragment: Fragment) -> [Fragment] {
    var result: [UInt8] = []
    var rest = fragment.bytes[...]
    while let first = rest.first {
      if first == character[0], rest.starts(with: character) {
        if !(isFirst && dropsFirst) { result.append(UInt8(ascii: " ")) }
        rest = rest.dropFirst(character.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    if fragment.endsToken { isFirst = false }
    return [Fragment(bytes: result, endsToken: fragment.endsToken)]
  }
}

/// Drops a character from the start and the end of each token, so many times at most.
struct StripStage: DecodingStage {
  let character: [UInt8]
  let start: Int
  let stop: Int

  private var strippedAtStart = 0
  private var isAtStart = true
  /// Occurrences that will go if the token ends with them.
  private var held = 0

  init(character: [UInt8], start: Int, stop: Int) {
    self.character = character
    self.start = start
    self.stop = stop
  }

  mutating func process(_ fragment: Fragment) -> [Fragment] {
    var result: [UInt8] = []
    var rest = fragment.bytes[...]
    while let first = rest.first {
      if first == character[0], rest.starts(with: character) {
        rest = rest.dropFirst(character.count)
        if isAtStart, strippedAtStart < start {
          strippedAtStart += 1
        } else {
          held += 1
          if held > stop { release(1, to: &result) }
        }
      } else {
        release(held, to: &result)
        isAtStart = false
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    if fragment.endsToken {
      strippedAtStart = 0
      isAtStart = true
      held = 0
    }
    return [Fragment(bytes: result, endsToken: fragment.endsToken)]
  }

  private mutating func release(_ count: Int, to result: inout [UInt8]) {
    for _ in 0..<count { result += character }
    held -= count
  }
}

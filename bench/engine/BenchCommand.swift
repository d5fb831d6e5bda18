import ArgumentParser

/// One thing to measure.
enum BenchCommand {
  /// The first token of `new` tokens with nothing cached.
  case prefill(new: Int)
  /// The first token of `new` tokens behind `cached` ones, read from a store.
  case cached(Int, new: Int)
  /// The same, with each segment at another place than it was encoded at, so that queries are turned for each.
  case moved(Int, new: Int)
  /// `count` tokens, one after the other, of each of `sequences` sequences behind `cached` ones.
  case decode(cached: Int, count: Int, sequences: Int)
  /// The same, where half of the segments are common to all, in other orders, and the others each one's own.
  case mixed(cached: Int, count: Int, sequences: Int)
  /// The states of `segments` segments of `tokens` tokens each.
  case warm(segments: Int, tokens: Int)
  /// The states of one run of tokens.
  case encode(tokens: Int)
  /// Memory of the process.
  case resident

  static let help = """
    prefill NEW · cached CACHED NEW · moved CACHED NEW · decode CACHED COUNT [SEQUENCES] · mixed CACHED COUNT SEQUENCES · warm SEGMENTS TOKENS · \
    encode TOKENS · resident
    """

  init(_ words: [Substring]) throws {
    let numbers = words.dropFirst().compactMap { Int($0) }.filter { $0 >= 0 }
    switch (words[0], numbers.count) {
    case ("prefill", 1): self = .prefill(new: numbers[0])
    case ("cached", 2): self = .cached(numbers[0], new: numbers[1])
    case ("moved", 2): self = .moved(numbers[0], new: numbers[1])
    case ("decode", 2): self = .decode(cached: numbers[0], count: numbers[1], sequences: 1)
    case ("decode", 3): self = .decode(cached: numbers[0], count: numbers[1], sequences: numbers[2])
    case ("mixed", 3): self = .mixed(cached: numbers[0], count: numbers[1], sequences: numbers[2])
    case ("warm", 2): self = .warm(segments: numbers[0], tokens: numbers[1])
    case ("encode", 1): self = .encode(tokens: numbers[0])
    case ("resident", 0): self = .resident
    default: throw ValidationError("no command `\(words.joined(separator: " "))`; there are: \(Self.help)")
    }
  }

  func run(on bench: Bench) throws -> Measurement {
    switch self {
    case .prefill(let new): try bench.firstToken(cached: 0, new: new)
    case .cached(let cached, let new): try bench.firstToken(cached: cached, new: new)
    case .moved(let cached, let new): try bench.firstToken(cached: cached, new: new, moved: true)
    case .decode(let cached, let count, let sequences):
      try bench.decode(cached: cached, count: count, sequences: sequences)
    case .mixed(let cached, let count, let sequences):
      try bench.decodeMixed(cached: cached, count: count, sequences: sequences)
    case .warm(let segments, let tokens): try bench.encode(segments: segments, tokens: tokens)
    case .encode(let tokens): try bench.encode(segments: 1, tokens: tokens)
    case .resident: Measurement.memoryOfThisProcess()
    }
  }
}

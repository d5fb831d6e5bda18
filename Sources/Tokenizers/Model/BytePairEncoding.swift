/// Byte-pair encoding as the `BPE` model of `tokenizers` does it: a piece of text becomes one symbol a character, and
/// adjacent symbols merge, the pair of the lowest rank first, the leftmost of these first, until none is left to merge.
struct BytePairEncoding: Sendable {
  let alphabet: SymbolAlphabet
  let merges: Merges
  /// A piece that is a token as it stands becomes this token, whatever its merges make of it.
  let ignoresMerges: Bool

  /// Where tokens may lie across the place between two characters.
  private let seams: SeamFilter

  /// - Parameter merges: in the order of their ranks.
  init(alphabet: SymbolAlphabet, merges: [MergeRule], ignoresMerges: Bool) {
    self.alphabet = alphabet
    self.ignoresMerges = ignoresMerges
    var table = MergeTable(count: merges.count)
    var seams = SeamFilter()
    let edges = (0..<Int32(alphabet.vocabulary.size)).map { alphabet.edges(of: $0) }
    for (rank, rule) in merges.enumerated() {
      table.insert(rule.left, rule.right, MergeTable.Merge(rank: UInt32(rank), token: rule.result))
      seams.insert(edges[Int(rule.left)].last, edges[Int(rule.right)].first)
    }
    self.merges = .listed(table)
    self.seams = seams
  }

  /// Merges by the scores of what they make.
  init(alphabet: SymbolAlphabet, scored: ScoredMerges) {
    self.alphabet = alphabet
    ignoresMerges = false
    merges = .scored(scored, alphabet.vocabulary)
    var seams = SeamFilter()
    for token in 0..<Int32(alphabet.vocabulary.size) { alphabet.forEachSeam(within: token) { seams.insert($0, $1) } }
    self.seams = seams
  }

  var vocabulary: Vocabulary { alphabet.vocabulary }

  /// The token that a whole piece is, where that is looked at before its merges.
  func wholeToken(_ piece: Span<UInt8>) -> Int32? {
    ignoresMerges ? alphabet.token(spelling: piece) : nil
  }

  /// Whether no merge can join two characters' tokens, or what they became, across the place between them.
  @inline(__always)
  func isSeam(_ left: Int32, _ right: Int32) -> Bool { !seams.contains(left, right) }
}

/// What two adjacent tokens merge to.
enum Merges: Sendable {
  /// What a file lists.
  case listed(MergeTable)
  /// What a vocabulary with scores gives.
  case scored(ScoredMerges, Vocabulary)

  /// The merge of two adjacent tokens, or `.none`.
  @inline(__always)
  subscript(left: Int32, right: Int32) -> MergeTable.Merge {
    switch self {
    case .listed(let table): table[left, right]
    case .scored(let scores, let vocabulary): scores.merge(left, right, in: vocabulary)
    }
  }
}

/// One line of a vocabulary's merges.
struct MergeRule: Sendable {
  let left: Int32
  let right: Int32
  let result: Int32
}

/// Pairs of characters, by their tokens, that some merge joins, and a few others (a Bloom filter of one hash).
///
/// Between all other pairs a long piece can be cut without changing its tokens, which leaves words where a vocabulary
/// has no token across them.
struct SeamFilter: Sendable {
  private static let bitCount: UInt64 = 1 << 18
  private var words = [UInt64](repeating: 0, count: Int(bitCount / 64))

  mutating func insert(_ left: Int32, _ right: Int32) {
    let bit = Self.bit(left, right)
    words[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  @inline(__always)
  func contains(_ left: Int32, _ right: Int32) -> Bool {
    let bit = Self.bit(left, right)
    return words[bit >> 6] >> UInt64(bit & 63) & 1 != 0
  }

  @inline(__always)
  private static func bit(_ left: Int32, _ right: Int32) -> Int {
    let pair = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    return Int((pair &* 0x9E37_79B9_7F4A_7C15) >> 46)
  }
}

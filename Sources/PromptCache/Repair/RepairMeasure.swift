internal import Engine
internal import Glibc
internal import KVCacheFormat

/// How much the new text of a prompt attends to its cached tokens.
///
/// A token gets the attention of all rows of the question, summed over the heads of the layers that are asked. A module gets
/// the sum over these layers of the logarithm of what its tokens get from the question over what they get from rows that
/// cannot know it yet: the first tokens of a module draw attention whatever is asked, and the quotient takes that out.
/// Where no such rows are, it is what its tokens get on average.
struct RepairMeasure {
  /// Rows of a prompt's computed tokens that are asked what they attend to.
  struct Rows {
    /// Those of the last new text and what follows it, or if there is none, the last token.
    let question: Range<Int>
    /// Those that come before any question: of the chat template in front of it, else the question's first token; none where
    /// there is no question.
    let before: Range<Int>
  }

  /// Layers that are asked: of those that see all of a prompt, the two nearest to three fifths of the depth.
  static func layers(of layers: KVLayers) -> [Int] {
    let all = layers.windows.indices
    let seeing = all.filter { layers.windows[$0] == nil }
    func distance(_ layer: Int) -> Double { abs((Double(layer) + 0.5) / Double(all.count) - 0.6) }
    return (seeing.isEmpty ? Array(all) : seeing).sorted { distance($0) < distance($1) }.prefix(2).sorted()
  }

  /// For each segment that was asked about, what its tokens get.
  let tokens: [[Double]]
  /// For each module, what it gets.
  let modules: [Int: Double]

  /// - Parameters:
  ///   - mass: of the rows of the question, then of those before it.
  ///   - hasBefore: whether there are any of the latter.
  ///   - segments: what is asked about, with the index of each among the segments that the prompt attends to.
  init(_ mass: AttentionMass, hasBefore: Bool, of segments: [(attended: Int, segment: RepairChoice.Segment)]) {
    var tokens = segments.map { [Double](repeating: 0, count: $0.segment.count) }
    var modules: [Int: Double] = [:]
    for layer in mass.layers {
      // What each module gets from the question and from what comes before it.
      var sums: [Int: (question: Double, before: Double, count: Int)] = [:]
      for (index, (attended, segment)) in segments.enumerated() {
        sums[segment.module, default: (0, 0, 0)].count += segment.count
        for head in 0..<mass.heads {
          let question = mass.tokens(rows: 0, layer: layer, head: head, segment: attended)
          let before = mass.tokens(rows: 1, layer: layer, head: head, segment: attended)
          for token in tokens[index].indices {
            tokens[index][token] += Double(question[token])
            sums[segment.module, default: (0, 0, 0)].question += Double(question[token])
            sums[segment.module, default: (0, 0, 0)].before += Double(before[token])
          }
        }
      }
      for (module, sum) in sums {
        let least = Double.leastNormalMagnitude  // where a window hides a module
        let usual = hasBefore ? sum.before : Double(sum.count)
        modules[module, default: 0] += log(max(sum.question, least)) - log(max(usual, least))
      }
    }
    self.tokens = tokens
    self.modules = modules
  }
}

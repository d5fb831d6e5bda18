import CKernels
import Glibc

/// Picks tokens from logits, one after the other.
///
/// Order of the steps: repetition penalty, presence and frequency penalties, biases, temperature, top-k, top-p, min-p, and
/// a draw by SplitMix64. Among equal logits the lower token ID comes first. Two samplers with equal options that are given
/// equal logits pick equal tokens.
public struct Sampler: Sendable {
  /// How tokens are picked.
  public let options: SamplingOptions

  private var random: RandomSource
  private var seen: Set<Int32>
  /// How often each token was picked.
  private var picked: [Int32: Int] = [:]
  private let changesLogits: Bool

  /// A sampler at its first token.
  ///
  /// - Parameter options: how tokens are chosen, and when the answer ends.
  /// - Parameter seen: tokens that the repetition penalty counts as having occurred, such as the prompt's.
  public init(_ options: SamplingOptions, seen: some Sequence<Int32> = []) {
    self.options = options
    random = RandomSource(seed: options.seed)
    self.seen = Set(seen)
    changesLogits =
      options.repetitionPenalty != 1 || options.presencePenalty != 0 || options.frequencyPenalty != 0
      || !options.biases.isEmpty
  }

  /// Picks the next token, which counts as having occurred from now on.
  ///
  /// - Parameter logits: a score for each token of the vocabulary, one or more.
  public mutating func pick(from logits: Span<Float>) -> Int32 {
    let token: Int32
    if changesLogits {
      token = choose(changed(logits).span)
    } else {
      token = choose(logits)
    }
    seen.insert(token)
    picked[token, default: 0] += 1
    return token
  }

  private func changed(_ logits: Span<Float>) -> [Float] {
    var scores = logits.indices.map { logits[$0] }
    if options.repetitionPenalty != 1 {
      for token in seen where scores.indices.contains(Int(token)) {
        let score = scores[Int(token)]
        scores[Int(token)] = score > 0 ? score / options.repetitionPenalty : score * options.repetitionPenalty
      }
    }
    if options.presencePenalty != 0 || options.frequencyPenalty != 0 {
      for (token, count) in picked where scores.indices.contains(Int(token)) {
        scores[Int(token)] -= options.presencePenalty + options.frequencyPenalty * Float(count)
      }
    }
    for (token, bias) in options.biases where scores.indices.contains(Int(token)) { scores[Int(token)] += bias }
    return scores
  }

  private mutating func choose(_ scores: Span<Float>) -> Int32 {
    let likeliest = unsafe scores.withUnsafeBufferPointer {
      Int32(truncatingIfNeeded: unsafe ck_argmax($0.baseAddress, $0.count))
    }
    guard options.temperature > 0, options.topK != 1, scores[Int(likeliest)].isFinite else { return likeliest }
    guard options.topK > 0 && options.topK < scores.count || options.topP < 1 else {
      return draw(scores, greatest: scores[Int(likeliest)]) ?? likeliest
    }
    let candidates = nucleus(of: candidates(scores, greatest: scores[Int(likeliest)]))
      // Weights are those of probabilities by the likeliest one's, which is 1.
      .filter { $0.weight >= Double(options.minP) }
    var left = random.nextUnit() * candidates.reduce(0) { $0 + $1.weight }
    for candidate in candidates {
      left -= candidate.weight
      if left < 0 { return candidate.token }
    }
    return likeliest
  }

  /// One of all tokens but those that `minP` leaves out: what the general way picks, without a list of them.
  private mutating func draw(_ scores: Span<Float>, greatest: Float) -> Int32? {
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: scores.count) { weights in
      var total = 0.0
      for index in scores.indices {
        let weight = weight(scores[index], greatest: greatest)
        // What is left out has none. No weight changes neither the sum nor the draw.
        let kept = weight >= Double(options.minP) ? weight : 0
        unsafe weights.initializeElement(at: index, to: kept)
        total += kept
      }
      var left = random.nextUnit() * total
      for index in scores.indices {
        unsafe left -= weights[index]
        if left < 0 { return Int32(truncatingIfNeeded: index) }
      }
      return nil
    }
  }

  private struct Candidate {
    let token: Int32
    /// Its probability, times what is common to all.
    let weight: Double
  }

  /// A token's probability by the likeliest one's; not a number where the score is none.
  private func weight(_ score: Float, greatest: Float) -> Double {
    exp(Double(score - greatest) / Double(options.temperature))
  }

  /// The tokens that top-k leaves: in falling order with one, by ID without.
  private func candidates(_ scores: Span<Float>, greatest: Float) -> [Candidate] {
    var candidates: [Candidate] = []
    func add(_ token: Int32) {
      let weight = weight(scores[Int(token)], greatest: greatest)
      if !weight.isNaN { candidates.append(Candidate(token: token, weight: weight)) }
    }
    if options.topK > 0 && options.topK < scores.count {
      for token in likeliestTokens(options.topK, of: scores) { add(token) }
    } else {
      candidates.reserveCapacity(scores.count)
      for index in scores.indices { add(Int32(truncatingIfNeeded: index)) }
    }
    return candidates
  }

  /// The likeliest candidates that together reach the probability `topP`: the one that reaches it is among them.
  private func nucleus(of candidates: [Candidate]) -> [Candidate] {
    guard options.topP < 1 else { return candidates }
    let total = candidates.reduce(0) { $0 + $1.weight }
    // Those below this share cannot be needed: all of them together weigh less than what may be left out.
    let least = (1 - Double(options.topP)) / Double(candidates.count) * total
    let falling = candidates.filter { $0.weight >= least }
      .sorted { $0.weight > $1.weight || $0.weight == $1.weight && $0.token < $1.token }
    var reached = 0.0
    var kept: [Candidate] = []
    for candidate in falling {
      kept.append(candidate)
      reached += candidate.weight
      if reached >= Double(options.topP) * total { break }
    }
    return kept
  }
}

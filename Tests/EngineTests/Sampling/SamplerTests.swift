import Engine
import Foundation
import Testing

@Suite struct SamplerTests {
  private func picks(_ options: SamplingOptions, _ logits: [Float], count: Int) -> [Int32] {
    var sampler = Sampler(options)
    return (0..<count).map { _ in sampler.pick(from: logits.span) }
  }

  private func counts(_ options: SamplingOptions, _ logits: [Float], draws: Int = 20_000) -> [Int32: Double] {
    var counts: [Int32: Double] = [:]
    for token in picks(options, logits, count: draws) { counts[token, default: 0] += 1 / Double(draws) }
    return counts
  }

  @Test func temperatureZeroTakesTheLikeliestAndTheLowestAmongEquals() {
    #expect(picks(SamplingOptions(), [1, 5, 2, 5], count: 3) == [1, 1, 1])
    #expect(picks(SamplingOptions(), [.nan, -3, .nan, -2], count: 1) == [3])
  }

  @Test func drawsFollowTheSoftmaxAtTheTemperature() {
    let logits: [Float] = [0, 1, 2, -1]
    for temperature: Float in [0.5, 1, 2] {
      let weights = logits.map { exp($0 / temperature) }
      let found = counts(SamplingOptions(temperature: temperature, seed: 7), logits)
      for (token, weight) in weights.enumerated() {
        #expect(abs((found[Int32(token)] ?? 0) - Double(weight / weights.reduce(0, +))) < 0.015)
      }
    }
  }

  @Test func topKKeepsTheLikeliest() {
    let found = counts(SamplingOptions(temperature: 1, topK: 2, seed: 1), [3, 1, 3, 3, 2])
    #expect(Set(found.keys) == [0, 2])
    #expect(picks(SamplingOptions(temperature: 1, topK: 1), [1, 9, 9], count: 5) == [1, 1, 1, 1, 1])
    #expect(Set(counts(SamplingOptions(temperature: 9, topK: 99), [1, 2]).keys) == [0, 1])
  }

  @Test func minPKeepsWhatIsNotFarLessLikely() {
    let logits = [0.5, 0.3, 0.15, 0.05].map { Float(log($0)) }
    func kept(_ minP: Float) -> Set<Int32> { Set(counts(SamplingOptions(temperature: 1, minP: minP), logits).keys) }
    #expect(kept(0) == [0, 1, 2, 3])
    #expect(kept(0.2) == [0, 1, 2])
    #expect(kept(0.5) == [0, 1])
    #expect(kept(1) == [0])
  }

  /// As OpenAI describes them: taken off for tokens of the answer, once or for each time.
  @Test func penaltiesAndBiasesChangeLogits() {
    let logits: [Float] = [3, 2.5, 2, 0]
    #expect(picks(SamplingOptions(presencePenalty: 0.7), logits, count: 4) == [0, 1, 0, 0])
    #expect(picks(SamplingOptions(frequencyPenalty: 0.7), logits, count: 5) == [0, 1, 0, 2, 1])
    #expect(picks(SamplingOptions(biases: [3: 100, 0: -1]), logits, count: 2) == [3, 3])
    #expect(picks(SamplingOptions(biases: [0: -100, 99: 5]), logits, count: 2) == [1, 1])
    // What was seen before the answer is not penalized by these.
    var sampler = Sampler(SamplingOptions(presencePenalty: 5), seen: [0])
    #expect(sampler.pick(from: logits.span) == 0)
  }

  @Test func topPKeepsTheFewestThatReachIt() {
    // Probabilities 0.5, 0.3, 0.15, 0.05.
    let logits = [0.5, 0.3, 0.15, 0.05].map { Float(log($0)) }
    func kept(_ topP: Float) -> Set<Int32> { Set(counts(SamplingOptions(temperature: 1, topP: topP), logits).keys) }
    #expect(kept(0) == [0])
    #expect(kept(0.45) == [0])
    #expect(kept(0.55) == [0, 1])
    #expect(kept(0.9) == [0, 1, 2])
    #expect(kept(1) == [0, 1, 2, 3])
  }

  @Test func theRepetitionPenaltyLowersWhatOccurred() {
    var sampler = Sampler(SamplingOptions(repetitionPenalty: 2), seen: [0])
    // 4 / 2 = 2 for the first, which occurred; the second wins, then it occurred too.
    let logits: [Float] = [4, 3, -1]
    #expect(sampler.pick(from: logits.span) == 1)
    #expect(sampler.pick(from: logits.span) == 0)
    let negative: [Float] = [-1, -1.5, -9]
    #expect(sampler.pick(from: negative.span) == 0)
    var outOfRange = Sampler(SamplingOptions(repetitionPenalty: 2), seen: [99, -1])
    #expect(outOfRange.pick(from: logits.span) == 0)
  }

  @Test func equalSeedsGiveEqualChoices() {
    let logits = (0..<50).map { Float($0 % 7) }
    let options = SamplingOptions(temperature: 1.3, topK: 20, topP: 0.9, seed: 42)
    #expect(picks(options, logits, count: 100) == picks(options, logits, count: 100))
    var other = options
    other.seed = 43
    #expect(picks(options, logits, count: 100) != picks(other, logits, count: 100))
  }

  @Test func theGeneratorIsSplitMix64() {
    // With equal logits of 2^16 tokens the choice is the first 16 bits of the draw. Values for seed 1234567 from
    // https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
    let draws: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    let found = picks(
      SamplingOptions(temperature: 1, seed: 1_234_567), Array(repeating: 0, count: 1 << 16), count: 5)
    #expect(found == draws.map { Int32($0 >> 48) })
  }

  /// Without top-k and top-p no list of candidates is made. The picks are those of one, by ID.
  @Test(arguments: [Float(0), 0.05]) func tokensAreWalkedInOrder(minP: Float) {
    let options = SamplingOptions(temperature: 1.7, minP: minP, seed: 1_234_567)
    // As the generator's test has them.
    let draws: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    let logits: [Float] = (0..<3000).map { index in
      if index % 11 == 3 { return .nan }
      return index % 13 == 5 ? -.infinity : Float(index * 7919 % 1009) / 100
    }
    let greatest: Float = 10.08
    let weights: [Double] = logits.map { exp(Double($0 - greatest) / Double(options.temperature)) }
    let candidates = weights.indices.filter { weights[$0] >= Double(minP) }
    let total = candidates.reduce(0.0) { $0 + weights[$1] }
    let expected = draws.map { draw -> Int32 in
      var left = Double(draw >> 11) * 0x1p-53 * total
      for candidate in candidates {
        left -= weights[candidate]
        if left < 0 { return Int32(candidate) }
      }
      return -1
    }
    #expect(picks(options, logits, count: 5) == expected)
  }

  @Test func hopelessLogitsGiveAToken() {
    for logits: [Float] in [[.nan, .nan], [-.infinity, -.infinity], [.infinity, 0]] {
      let token = picks(SamplingOptions(temperature: 1, topK: 2, topP: 0.5), logits, count: 1)[0]
      #expect((0..<2).contains(token))
    }
  }
}

@Suite struct LogProbabilitiesTests {
  @Test func theyAreLogarithmsOfTheSoftmax() {
    let logits: [Float] = [1, 2, 3, 1000, 1000]
    let found = LogProbabilities(logits.span)
    #expect(abs(found[3] + 0.693147) < 1e-6)
    #expect(abs(found[0] + 999.693147) < 1e-3)
  }

  @Test func theTopFallsAndTiesGoByID() {
    let logits: [Float] = [2, 7, 7, -1, 7, 3]
    let found = LogProbabilities(logits.span)
    #expect(found.top(4).map(\.tokenID) == [1, 2, 4, 5])
    #expect(found.top(0).isEmpty)
    #expect(found.top(99).map(\.tokenID) == [1, 2, 4, 5, 0, 3])
    #expect(found.top(1)[0].logProbability == found[1])
  }

  @Test func theTopIsThatOfASort() {
    var state: UInt64 = 9
    let logits = (0..<3000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return Float(state >> 56)
    }
    let sorted = logits.indices.sorted { logits[$0] > logits[$1] || logits[$0] == logits[$1] && $0 < $1 }
    #expect(LogProbabilities(logits.span).top(500).map { Int($0.tokenID) } == Array(sorted.prefix(500)))
  }
}

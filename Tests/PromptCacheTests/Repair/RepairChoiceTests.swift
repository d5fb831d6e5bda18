@testable import PromptCache
import Testing

/// Which tokens are computed again, of a share of them.
@Suite struct RepairChoiceTests {
  /// Modules of these lengths, one segment each.
  private func segments(_ counts: [Int]) -> [RepairChoice.Segment] {
    counts.enumerated().map { RepairChoice.Segment(module: $0, count: $1, computableAlone: 0..<$1) }
  }

  private func choice(
    _ share: Double, _ segments: [RepairChoice.Segment], modules: [Double], tokens: [[Double]]? = nil
  ) -> [[Range<Int>]] {
    var choice = RepairChoice(share, of: segments)
    choice.spend(
      byModules: Dictionary(uniqueKeysWithValues: modules.enumerated().map { ($0, $1) }),
      tokens: tokens ?? segments.map { Array(repeating: 0, count: $0.count) })
    return choice.ranges
  }

  @Test(arguments: [
    (0, 100, 0), (1, 100, 100), (0.07, 100, 7), (0.3, 10, 3), (0.3, 11, 4), (0.1, 30, 3), (1e-6, 5, 1), (0.99, 10, 10),
    (0.5, 0, 0), (1, 1_000_001, 1_000_001),
  ])
  func aShareIsRoundedUp(share: Double, tokens: Int, expected: Int) {
    #expect(RepairChoice.budget(share, of: tokens) == expected)
  }

  @Test func nothingAndAll() {
    let segments = segments([10, 3, 20])
    #expect(RepairChoice(0, of: segments).ranges == [[], [], []])
    let all = RepairChoice(1, of: segments)
    #expect(all.ranges == [[0..<10], [0..<3], [0..<20]] && !all.isOpen)
    #expect(RepairChoice(0.5, of: []).ranges == [])
  }

  @Test func theFirstTokensComeFirst() {
    // Eleven are all of the first ones; with fewer, modules that stand in front have them.
    let segments = segments([10, 3, 20])
    let exact = RepairChoice(11 / 33, of: segments)
    #expect(exact.ranges == [[0..<4], [0..<3], [0..<4]] && !exact.isOpen)
    #expect(RepairChoice(6 / 33, of: segments).ranges == [[0..<4], [0..<2], []])
    #expect(RepairChoice(12 / 33, of: segments).isOpen)
  }

  @Test func theFirstTokensOfAModuleMayLieInTwoSegments() {
    let segments = [(0, 3), (1, 9), (0, 5)].map { RepairChoice.Segment(module: $0, count: $1, computableAlone: 0..<$1) }
    #expect(RepairChoice(8 / 17, of: segments).ranges == [[0..<3], [0..<4], [0..<1]])
    // Both segments make the module whole.
    #expect(choice(12 / 17, segments, modules: [2, 1]) == [[0..<3], [0..<4], [0..<5]])
  }

  @Test func wholeModulesFollowTheBestFirst() {
    let segments = segments([20, 20, 20, 10])
    // 16 first tokens; two modules of 16 more; the smallest, least of all, fits besides.
    #expect(choice(54 / 70, segments, modules: [1, 3, 2, 0]) == [[0..<4], [0..<20], [0..<20], [0..<10]])
    // Equals go by position.
    #expect(choice(32 / 70, segments, modules: [1, 1, 1, 1]) == [[0..<20], [0..<4], [0..<4], [0..<4]])
  }

  @Test func theBestModuleMayPassTheShareByAsMuchAsFits() {
    let segments = segments([20, 20, 20])
    // 12 first tokens, and 8 of the 16 that are missing.
    #expect(choice(20 / 60, segments, modules: [1, 2, 3]) == [[0..<4], [0..<4], [0..<20]])
    #expect(choice(19 / 60, segments, modules: [1, 2, 3]) == [[0..<11], [0..<4], [0..<4]])
    // The second best does not.
    #expect(choice(38 / 60, segments, modules: [1, 2, 3])[1] == [0..<4])
  }

  @Test func singleTokensTakeTheRest() {
    let segments = segments([8, 40])
    var tokens = [[Double]](repeating: Array(repeating: 0, count: 40), count: 2)
    tokens[1][30] = 3
    tokens[1][32] = 2
    tokens[0][6] = 2
    tokens[1][2] = 9  // one of the first
    #expect(choice(9 / 48, segments, modules: [0, 1], tokens: tokens) == [[0..<4], [0..<4, 30..<31]])
    #expect(choice(10 / 48, segments, modules: [0, 1], tokens: tokens) == [[0..<4, 6..<7], [0..<4, 30..<31]])
    #expect(
      choice(11 / 48, segments, modules: [0, 1], tokens: tokens) == [[0..<4, 6..<7], [0..<4, 30..<31, 32..<33]])
  }

  /// Where layers have dropped what stands in front of a token, it is not computed again alone.
  @Test func whatCannotBeComputedAloneIsNot() {
    let segments = [
      RepairChoice.Segment(module: 0, count: 40, computableAlone: 37..<40),
      RepairChoice.Segment(module: 1, count: 40, computableAlone: 40..<40),
    ]
    let tokens = [(0..<40).map { Double(40 - $0) }, (0..<40).map { Double(80 - $0) }]
    #expect(choice(15 / 80, segments, modules: [0, 0], tokens: tokens) == [[0..<4, 37..<40], [0..<4]])
    #expect(choice(50 / 80, segments, modules: [0, 1], tokens: tokens) == [[0..<4, 37..<40], [0..<40]])
  }

  /// Never more than the share and what completes a module; as often as wanted, the same.
  @Test func keepsToTheShare() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      let segments = segments((0..<Int.random(in: 1...8, using: &random)).map { _ in Int.random(in: 1...30) })
      let count = segments.reduce(0) { $0 + $1.count }
      let share = Double(Int.random(in: 0...100)) / 100
      let modules = segments.map { _ in Double(Int.random(in: 0...3)) }
      let tokens = segments.map { segment in (0..<segment.count).map { _ in Double(Int.random(in: 0...5)) } }
      let ranges = choice(share, segments, modules: modules, tokens: tokens)
      let chosen = ranges.joined().reduce(0) { $0 + $1.count }
      let budget = RepairChoice.budget(share, of: count)
      #expect(chosen >= budget && chosen <= budget + (segments.map(\.count).max() ?? 0) - 1)
      #expect(chosen <= budget || ranges.enumerated().contains { $1 == [0..<segments[$0].count] })
      #expect(choice(share, segments, modules: modules, tokens: tokens) == ranges)
    }
  }
}

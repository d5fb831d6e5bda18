import CKernels
import Glibc
import Testing

/// `ck_attention` against the same in double precision, with NaN wherever nothing was written.
@Suite struct AttentionKernelTests {
  static let headDimensions = [2, 30, 32, 64, 72, 80, 96, 128, 256]

  @Test(arguments: KernelCPU.available, headDimensions)
  func agreesWithDoublePrecision(cpu: KernelCPU, headDimension: Int) {
    cpu.use {
      var random = SeededRandom(UInt64(headDimension))
      for (group, tokens) in [(1, 1), (3, 1), (2, 5), (1, 17), (3, 40)] {
        for element in [ck_f32, ck_f16, ck_q8] {
          for (window, slopes) in [(0, false), (45, false), (0, true), (45, true)] {
            var problem = AttentionProblem(headDimension: headDimension, group: group, element: element)
            problem.window = window
            problem.slopes = slopes ? (0..<group).map { 0.05 * Float($0 + 1) } : nil
            problem.addRun(count: 50, first: 0, random: &random)
            problem.addRun(count: 16, first: 50, variant: 1, random: &random)
            problem.addRun(count: 300, first: 70, random: &random)
            problem.addRun(count: 1, first: 400, variant: 1, random: &random)
            problem.addRun(positions: (0..<33).map { 100 + 7 * $0 }, random: &random)
            problem.addQueries(at: (0..<tokens).map { 300 + 3 * $0 }, random: &random)
            expectAgreement(problem)
          }
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available, [64, 80, 96, 128, 256])
  func boundsScores(cpu: KernelCPU, headDimension: Int) {
    cpu.use {
      var random = SeededRandom(UInt64(headDimension) + 1000)
      for (group, tokens) in [(1, 1), (2, 1), (2, 7), (3, 40)] {
        for element in [ck_f32, ck_f16, ck_q8] {
          // From where the bound does little to where most scores are at it.
          for (softcap, scale, window, slopes) in [
            (50, 1, 0, false), (50, 30, 45, false), (2, 3, 0, true), (20, 200, 0, false),
          ] as [(Float, Float, Int, Bool)] {
            var problem = AttentionProblem(headDimension: headDimension, group: group, element: element)
            problem.softcap = softcap
            problem.window = window
            problem.slopes = slopes ? (0..<group).map { 0.05 * Float($0 + 1) } : nil
            problem.addRun(count: 150, first: 0, random: &random)
            problem.addRun(count: 17, first: 150, variant: 1, random: &random)
            problem.addRun(positions: (0..<33).map { 100 + 7 * $0 }, random: &random)
            problem.addQueries(at: (0..<tokens).map { 130 + 3 * $0 }, scale: scale, random: &random)
            expectAgreement(problem)
          }
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func rowsSeeDifferentPrefixesInAnyOrder(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(7)
      for tokens in [1, 3, 30] {
        var problem = AttentionProblem(headDimension: 64, group: 2, element: ck_f16)
        problem.addRun(count: 260, first: 10, random: &random)
        problem.addRun(positions: [5, 9, 11, 40, 41, 42, 300, 301], random: &random)
        // Among them rows that see nothing, one token, all but one, and all.
        let positions = [-1, 4, 5, 9, 268, 269, 300, 301, 500] + (0..<tokens).map { ($0 * 37) % 320 }
        problem.addQueries(at: positions, random: &random)
        let (output, logSumExp) = expectAgreement(problem)
        #expect(output.prefix(2 * 2 * 64).allSatisfy { $0 == 0 })
        #expect(logSumExp.prefix(2 * 2).allSatisfy { $0 == -.infinity })
      }
    }
  }

  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_q8])
  func aRowIsTheSameWhateverStandsBesideIt(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      for (headDimension, window, softcap) in [(64, 0, 0), (64, 150, 5), (80, 0, 0), (30, 40, 0), (256, 150, 5)] {
        var random = SeededRandom(10)
        var together = AttentionProblem(headDimension: headDimension, group: 2, element: element)
        together.window = window
        together.softcap = Float(softcap)
        together.addRun(count: 400, first: 0, random: &random)
        together.addRun(count: 60, first: 400, variant: 1, random: &random)
        together.addQueries(at: (0..<30).map { 15 * $0 + 20 }, random: &random)
        let output = together.solve().output
        for token in [0, 7, 29] {
          let numbers = 2 * headDimension
          #expect(
            together.only(token: token).solve().output.elementsEqual(output[token * numbers..<(token + 1) * numbers]))
        }
      }
    }
  }

  /// Without the first tiles of a run, which no row sees, no bit is another.
  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_q8])
  func tilesThatNoRowSeesMayBeDropped(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      for (headDimension, softcap, slopes) in [(64, 0, false), (80, 5, false), (30, 0, true), (256, 0, false)] {
        for (tokens, count, window) in [(1, 300, 45), (3, 417, 130), (30, 290, 1), (9, 640, 256), (1, 130, 17)] {
          var random = SeededRandom(UInt64(count))
          var problem = AttentionProblem(headDimension: headDimension, group: 2, element: element)
          problem.window = window
          problem.softcap = Float(softcap)
          problem.slopes = slopes ? [0.05, 0.1] : nil
          problem.addRun(count: 40, first: 0, random: &random)
          problem.addRun(count: count, first: 40, variant: 1, random: &random)
          problem.addRun(count: 20, first: 40 + count, random: &random)
          problem.addQueries(at: (0..<tokens).map { 39 + count + $0 }, random: &random)
          let whole = problem.solve()
          for dropped in stride(from: 0, through: (count - window) / 16 * 16, by: 16) {
            var kept = problem
            kept.runs[1] = problem.runs[1].dropping(dropped, headDimension)
            let (output, logSumExp) = kept.solve()
            #expect(output == whole.output && logSumExp == whole.logSumExp, "\(dropped) of \(count)")
          }
        }
      }
    }
  }

  /// Single tokens, ranges, blocks and whole runs that no row sees; what is read beside them does not matter.
  @Test(arguments: KernelCPU.available, [30, 64])
  func tokensMayBeOmitted(cpu: KernelCPU, headDimension: Int) {
    cpu.use {
      for element in [ck_f32, ck_f16, ck_q8] {
        for (tokens, window, softcap, slopes) in [
          (1, 0, 0, false), (3, 130, 0, false), (13, 200, 5, true),
        ] {
          var random = SeededRandom(UInt64(headDimension + tokens))
          var problem = AttentionProblem(headDimension: headDimension, group: 2, element: element)
          problem.window = window
          problem.softcap = Float(softcap)
          problem.slopes = slopes ? [0.05, 0.1] : nil
          problem.addRun(count: 500, first: 0, random: &random)
          problem.addRun(count: 37, first: 500, variant: 1, random: &random)
          problem.addRun(count: 130, first: 537, random: &random)
          problem.addRun(positions: Array(667..<667 + tokens), random: &random)
          problem.addQueries(at: (0..<tokens).map { 640 + $0 }, random: &random)
          problem.runs[0].omitted = Set(0..<4).union(120..<390).union([401, 403, 499])
          problem.runs[1].omitted = Set(0..<37)
          problem.runs[2].omitted = Set(stride(from: 1, to: 130, by: 3))
          expectAgreement(problem)
          // The first tiles dropped besides.
          problem.runs[0] = problem.runs[0].dropping(window > 0 ? 320 : 0, headDimension)
          expectAgreement(problem)
        }
      }
    }
  }

  @Test(arguments: KernelCPU.available)
  func largeScoresStayExact(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(8)
      var problem = AttentionProblem(headDimension: 32, group: 1, element: ck_f32)
      problem.addRun(count: 200, first: 0, random: &random)
      // Scores up to some hundreds: the exponentials of all but a few vanish.
      problem.addQueries(at: [199, 150], scale: 60, random: &random)
      expectAgreement(problem)
    }
  }

  @Test(arguments: KernelCPU.available)
  func partsMergeToTheWhole(cpu: KernelCPU) {
    cpu.use {
      var random = SeededRandom(9)
      var whole = AttentionProblem(headDimension: 64, group: 3, element: ck_f16)
      whole.addRun(count: 100, first: 0, random: &random)
      whole.addRun(count: 90, first: 100, random: &random)
      whole.addQueries(at: [60, 150, -5], random: &random)
      let (expected, expectedSums) = expectAgreement(whole)
      let parts = whole.runs.map { run in
        var part = whole
        part.runs = [run]
        return part.solve()
      }
      var merged = [Float](repeating: .nan, count: expected.count)
      var mergedSums = [Float](repeating: .nan, count: expectedSums.count)
      unsafe parts[0].output.withUnsafeBufferPointer { first in
        unsafe parts[1].output.withUnsafeBufferPointer { second in
          unsafe parts[0].logSumExp.withUnsafeBufferPointer { firstSums in
            unsafe parts[1].logSumExp.withUnsafeBufferPointer { secondSums in
              let outputs = unsafe [first.baseAddress, second.baseAddress]
              let sums = unsafe [firstSums.baseAddress, secondSums.baseAddress]
              unsafe ck_attention_merge(2, outputs, sums, 9, 64, &merged, &mergedSums)
            }
          }
        }
      }
      #expect(worst(merged, expected.map(Double.init)) < 2e-6)
      // The last query sees nothing: its logarithms are -infinity, of each part and of all.
      #expect(mergedSums.suffix(3).allSatisfy { $0 == -Float.infinity })
      #expect(worst(Array(mergedSums.prefix(6)), expectedSums.prefix(6).map(Double.init)) < 8e-6)
    }
  }

  /// Runs that have results of their own: those of calls of one run each.
  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_q8])
  func runsMayBeApart(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      for (headDimension, group, window, slopes) in [(64, 3, 0, false), (30, 2, 90, true), (80, 1, 0, false)] {
        for tokens in [1, 2, 8, 21] {
          var random = SeededRandom(UInt64(headDimension + tokens))
          var problem = AttentionProblem(headDimension: headDimension, group: group, element: element)
          problem.window = window
          problem.slopes = slopes ? [0.05, 0.1] : nil
          problem.addRun(count: 188, first: 0, random: &random)
          problem.addRun(count: 37, first: 188, variant: 1, random: &random)
          problem.addRun(count: 256, first: 225, random: &random)
          problem.addRun(positions: Array(481..<481 + tokens), random: &random)
          problem.addQueries(at: (0..<tokens).map { $0 == 1 ? -1 : 481 + $0 }, random: &random)
          problem.runs[2].omitted = Set(5..<150)
          let each = problem.runs.map { run in
            var alone = problem
            alone.runs = [run]
            return alone.solve()
          }
          problem.isApart = true
          let together = problem.solve()
          #expect(together.output == each.flatMap(\.output) && together.logSumExp == each.flatMap(\.logSumExp))
          // And each row is what it is alone.
          let numbers = group * headDimension
          for token in 0..<tokens {
            let alone = problem.only(token: token).solve().output
            for run in problem.runs.indices {
              let start = (run * tokens + token) * numbers
              #expect(
                Array(alone[run * numbers..<(run + 1) * numbers]) == Array(together.output[start..<start + numbers]))
            }
          }
        }
      }
    }
  }

  /// What a later call attends to may be asked for, and changes nothing.
  @Test(arguments: KernelCPU.available, [ck_f32, ck_f16, ck_q8])
  func runsAheadAreNoneOfItsOwn(cpu: KernelCPU, element: ck_element) {
    cpu.use {
      for tokens in [1, 3, 40] {
        var random = SeededRandom(UInt64(tokens))
        var problem = AttentionProblem(headDimension: 64, group: 3, element: element)
        problem.addRun(count: 200, first: 0, random: &random)
        problem.addRun(count: 30, first: 200, variant: 1, random: &random)
        problem.addQueries(at: (0..<tokens).map { 190 + $0 }, random: &random)
        let alone = problem.solve()
        // Shorter than what is read meanwhile; longer, and seen by nobody.
        problem.addRun(count: 5, first: 0, random: &random)
        problem.addRun(count: 300, first: 5000, variant: 1, random: &random)
        problem.runsAhead = 2
        let beside = problem.solve()
        #expect(beside.output == alone.output && beside.logSumExp == alone.logSumExp)
      }
    }
  }

  @Test func nothingToDo() {
    var random = SeededRandom(1)
    var problem = AttentionProblem(headDimension: 64, group: 2, element: ck_f32)
    problem.addQueries(at: [3], random: &random)
    #expect(problem.solve().output.allSatisfy { $0 == 0 })
  }

  /// Solves both ways and compares. The tolerance allows for scores that are off by a few units in their last place.
  @discardableResult
  private func expectAgreement(
    _ problem: AttentionProblem, sourceLocation: SourceLocation = #_sourceLocation
  ) -> (output: [Float], logSumExp: [Float]) {
    let (output, logSumExp, masses) = problem.solveWithMasses()
    let result = (output: output, logSumExp: logSumExp)
    let expected = problem.reference()
    let tolerance = 2e-6 + 1e-6 * expected.largestScore
    let error = max(worst(result.output, expected.output), worst(result.logSumExp, expected.logSumExp) / 4)
    #expect(error < tolerance, "\(problem.summary)", sourceLocation: sourceLocation)
    // Sums over rows of weights up to 1, to which 1 was added.
    for (found, expected) in zip(masses, expected.masses) {
      #expect(
        worst(found, expected) < tolerance * Double(4 + problem.tokens), "masses of \(problem.summary)",
        sourceLocation: sourceLocation)
    }
    return result
  }
}

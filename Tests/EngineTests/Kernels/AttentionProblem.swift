import CKernels
import Glibc
import Testing

/// One call of `ck_attention`: what goes in, and what must come out.
struct AttentionProblem {
  struct Run {
    let keys: [Float]
    let values: [Float]
    let positions: [Int]
    let contiguous: Bool
    let variant: Int
    var dropped = 0
    /// Tokens that no row sees.
    var omitted: Set<Int> = []

    /// The run without the first `count` tokens.
    func dropping(_ count: Int, _ headDimension: Int) -> Run {
      Run(
        keys: Array(keys.dropFirst(count * headDimension)), values: Array(values.dropFirst(count * headDimension)),
        positions: Array(positions.dropFirst(count)), contiguous: contiguous, variant: variant, dropped: count,
        omitted: Set(omitted.map { $0 - count }))
    }
  }

  let headDimension: Int
  let group: Int
  let element: ck_element
  var window = 0
  var softcap: Float = 0
  var slopes: [Float]?
  var runs: [Run] = []
  /// Whether each run has results of its own.
  var isApart = false
  /// The last runs that are not this call's.
  var runsAhead = 0
  private var positions: [Int] = []
  /// variants × tokens × group × headDimension, of two variants.
  private var queries: [Float] = []

  init(headDimension: Int, group: Int, element: ck_element) {
    self.headDimension = headDimension
    self.group = group
    self.element = element
  }

  var tokens: Int { positions.count }

  var summary: String {
    "head \(headDimension), group \(group), \(positions.count) tokens, element \(element), window \(window), softcap \(softcap), "
      + "slopes \(slopes ?? [])"
  }

  mutating func addRun(count: Int, first: Int, variant: Int = 0, random: inout SeededRandom) {
    add(Array(first..<first + count), contiguous: true, variant: variant, random: &random)
  }

  mutating func addRun(positions: [Int], variant: Int = 0, random: inout SeededRandom) {
    add(positions, contiguous: false, variant: variant, random: &random)
  }

  private mutating func add(_ positions: [Int], contiguous: Bool, variant: Int, random: inout SeededRandom) {
    let count = positions.count * headDimension
    runs.append(
      Run(
        keys: random.numbers(count), values: random.numbers(count), positions: positions, contiguous: contiguous,
        variant: variant))
  }

  mutating func addQueries(at positions: [Int], scale: Float = 1, random: inout SeededRandom) {
    self.positions = positions
    queries = random.numbers(2 * positions.count * group * headDimension, in: -scale...scale)
  }

  /// The same with one query token.
  func only(token: Int) -> AttentionProblem {
    var problem = self
    let numbers = group * headDimension
    problem.queries = [0, positions.count].flatMap { variant in
      queries[(variant + token) * numbers..<(variant + token + 1) * numbers]
    }
    problem.positions = [positions[token]]
    return problem
  }

  private func rounded(_ x: [Float]) -> [Float] {
    stride(from: 0, to: x.count, by: headDimension).flatMap { element.roundedState(x[$0..<$0 + headDimension]) }
  }

  func reference() -> (output: [Double], logSumExp: [Double], masses: [[Double]], largestScore: Double) {
    var masses = runs.map { [Double](repeating: 0, count: group * $0.positions.count) }
    var output: [Double] = []
    var logSumExp: [Double] = []
    var largestScore = 0.0
    let stored = runs.map { (keys: rounded($0.keys), values: rounded($0.values)) }
    for (token, own) in positions.enumerated() {
      for head in 0..<group {
        var scores: [Double] = []
        var values: [ArraySlice<Float>] = []
        var places: [(run: Int, token: Int)] = []
        for (runIndex, (run, stored)) in zip(runs, stored).enumerated() {
          let start = ((run.variant * positions.count + token) * group + head) * headDimension
          let query = queries[start..<start + headDimension]
          for (index, position) in run.positions.enumerated()
          where position <= own && (window == 0 || position > own - window) && !run.omitted.contains(index) {
            let numbers = index * headDimension..<(index + 1) * headDimension
            let product = zip(query, stored.keys[numbers]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let capped = softcap > 0 ? Double(softcap) * tanh(product / Double(softcap)) : product
            largestScore = max(largestScore, abs(product))
            scores.append(capped + Double(slopes?[head] ?? 0) * Double(position - own))
            values.append(stored.values[numbers])
            places.append((runIndex, index))
          }
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        largestScore = scores.reduce(largestScore) { max($0, abs($1)) }
        for (place, weight) in zip(places, weights) {
          masses[place.run][head * runs[place.run].positions.count + place.token] += weight / total
        }
        logSumExp.append(scores.isEmpty ? -.infinity : largest + log(total))
        for dimension in 0..<headDimension {
          let sum = zip(weights, values).reduce(0) { $0 + $1.0 * Double($1.1[$1.1.startIndex + dimension]) }
          output.append(scores.isEmpty ? 0 : sum / total)
        }
      }
    }
    return (output, logSumExp, masses, largestScore)
  }

  func solve() -> (output: [Float], logSumExp: [Float]) {
    let solved = solveWithMasses()
    return (solved.output, solved.logSumExp)
  }

  /// The masses of each run: (group, tokens).
  func solveWithMasses() -> (output: [Float], logSumExp: [Float], masses: [[Float]]) {
    let rows = positions.count * group
    // What is there is added to.
    var masses = runs.map { [Float](repeating: 1, count: group * (($0.positions.count + 15) / 16 * 16)) }
    let results = isApart ? runs.count : 1
    var output = [Float](repeating: .nan, count: results * rows * headDimension)
    var logSumExp = [Float](repeating: .nan, count: results * rows)
    let blobs = runs.map(storedBlob)
    let runPositions = runs.map(storedPositions)
    let omitted = runs.map(storedOmissions)
    let kernelRuns = unsafe zip(runs.indices, runs).map { index, run in
      unsafe ck_kv_run(
        keys: blobs[index].keys.address, values: blobs[index].values.address,
        positions: run.contiguous ? nil : runPositions[index].integers.baseAddress,
        first_position: run.contiguous ? Int32(run.positions.first ?? 0) : .min, tokens: Int32(run.positions.count),
        element: element, variant: Int32(run.variant), dropped: Int32(run.dropped),
        omitted: run.omitted.isEmpty ? nil : omitted[index].address?.assumingMemoryBound(to: UInt16.self))
    }
    let scratch = NaNMemory(byteCount: ck_attention_scratch_bytes(positions.count, group, headDimension))
    withExtendedLifetime((blobs, runPositions, omitted)) {
      unsafe queries.withUnsafeBufferPointer { queries in
        unsafe positions.map(Int32.init).withUnsafeBufferPointer { positions in
          unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe logSumExp.withUnsafeMutableBufferPointer { logSumExp in
              unsafe kernelRuns.withUnsafeBufferPointer { kernelRuns in
                unsafe (slopes ?? []).withUnsafeBufferPointer { slopeNumbers in
                  var call = unsafe ck_attention_call(
                    queries: queries.baseAddress, query_variant_stride: rows * headDimension,
                    query_token_stride: group * headDimension, output: output.baseAddress,
                    output_token_stride: group * headDimension,
                    output_run_stride: isApart ? rows * headDimension : 0, log_sum_exp: logSumExp.baseAddress,
                    positions: positions.baseAddress, slopes: slopes == nil ? nil : slopeNumbers.baseAddress,
                    softcap: softcap, window: Int32(window), tokens: Int32(positions.count), group: Int32(group),
                    head_dimension: Int32(headDimension), runs: kernelRuns.baseAddress,
                    run_count: Int32(kernelRuns.count - runsAhead), runs_ahead: Int32(runsAhead),
                    scratch: scratch.address)
                  unsafe ck_attention(&call)
                  for index in runs.indices {
                    unsafe call.output = nil
                    unsafe call.runs = kernelRuns.baseAddress.map { unsafe $0 + index }
                    unsafe call.run_count = 1
                    unsafe call.runs_ahead = 0
                    unsafe ck_attention_mass(&call, &masses[index], masses[index].count / group)
                  }
                }
              }
            }
          }
        }
      }
    }
    let sums = zip(masses, runs).map { masses, run in
      stride(from: 0, to: masses.count, by: masses.count / group).flatMap { start in
        masses[start..<start + run.positions.count].map { $0 - 1 }
      }
    }
    #expect(
      zip(masses, runs).allSatisfy { masses, run in
        masses.indices.allSatisfy { $0 % (masses.count / group) < run.positions.count || masses[$0] == 1 }
      }, "what lies behind a run's tokens has changed")
    return (output, logSumExp, sums)
  }

  private func storedOmissions(_ run: Run) -> NaNMemory {
    let memory = NaNMemory(byteCount: max((run.positions.count + 15) / 16 * 2, 1))
    let bits = unsafe memory.address?.assumingMemoryBound(to: UInt16.self)
    for tile in 0..<(run.positions.count + 15) / 16 {
      unsafe bits?[tile] = (0..<16).reduce(0) {
        let token = tile * 16 + $1
        return $0 | (token >= run.positions.count || run.omitted.contains(token) ? 1 << UInt16($1) : 0)
      }
    }
    return memory
  }

  private func storedPositions(_ run: Run) -> NaNMemory {
    let memory = NaNMemory(byteCount: 4 * run.positions.count)
    for (index, position) in run.positions.enumerated() { unsafe memory.integers[index] = Int32(position) }
    return memory
  }

  /// The run as the store keeps it, NaN past its tokens, written in two goes that meet inside a tile.
  private func storedBlob(_ run: Run) -> (keys: NaNMemory, values: NaNMemory) {
    let count = run.positions.count
    let byteCount = (count + 15) / 16 * ck_kv_tile_bytes(element, headDimension)
    let (keys, values) = (NaNMemory(byteCount: byteCount), NaNMemory(byteCount: byteCount))
    for (first, end) in [(0, count / 3), (count / 3, count)] {
      unsafe run.keys.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress else { return }
        unsafe ck_store_keys(
          element, headDimension, base + first * headDimension, headDimension, first, end - first, keys.address)
      }
      unsafe run.values.withUnsafeBufferPointer { x in
        guard let base = x.baseAddress else { return }
        unsafe ck_store_values(
          element, headDimension, base + first * headDimension, headDimension, first, end - first, values.address)
      }
    }
    return (keys, values)
  }
}

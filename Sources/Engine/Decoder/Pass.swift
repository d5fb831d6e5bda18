import KVCacheFormat

/// Rows of one pass: tokens of one or several sequences, one after the other.
struct Pass {
  /// The rows of one sequence.
  struct Span {
    /// Rows in the pass.
    let rows: Range<Int>
    /// The same tokens in the sequence's own states.
    let tokens: Range<Int>
    /// What attention is planned for: these, or all that a prompt's part could have. How a token is computed then does not
    /// depend on where its prompt ends, nor on how much of the part was there before.
    let whole: Range<Int>
    let fresh: FreshStates
    let cached: [CachedRun]
    /// For each rotated form of the queries, by how many positions less than their own they are turned. The first is 0.
    let shifts: [Int]
    /// Whether the sequence is rotated for texts longer than what the model was first trained on.
    let isExtended: Bool
    /// Whether states are what is wanted.
    let isEncoding: Bool
    /// Rows whose hidden state is asked for: the last ones.
    let asked: Range<Int>
    /// Index of the first row's token in the input that it is of.
    let firstToken: Int
    /// First row of this span's angles in the pass's table; there is one for each form and row.
    let firstAngle: Int

    /// The row of the pass's table of angles for a rotated form of a row.
    func angle(form: Int, row: Int) -> Int { firstAngle + form * rows.count + row - rows.lowerBound }
  }

  /// A cached segment, and which form of the queries meets it.
  struct CachedRun {
    let segment: KVSegment
    let place: Int32
    let count: Int32
    let omitted: OmittedTokens?
    let variant: Int32
    /// Its index among the segments that the sequence attends to.
    let index: Int
  }

  let tokens: [Int32]
  let positions: [Int32]
  let spans: [Span]
  /// Rows of the table of angles.
  let angles: Int
  /// Whether rows are packed for products, as many are.
  private(set) var packs: Bool
  /// Whether those that are asked for are packed past the last layer's states too.
  let packsAsked: Bool
  /// What attention is summed up on the way, if any is.
  let masses: AttentionMassSums?

  /// Rows whose hidden state is asked for, in order.
  var asked: [Int] { spans.flatMap(\.asked) }

  /// The same, for the rows alone that are asked for.
  var ofAsked: Pass {
    var pass = self
    pass.packs = packsAsked
    return pass
  }

  /// At most `size` rows of each span at a time.
  func blocks(of size: Int, rows: (Span) -> Range<Int>) -> [(span: Int, rows: Range<Int>)] {
    var blocks: [(span: Int, rows: Range<Int>)] = []
    for (index, span) in spans.enumerated() {
      let rows = rows(span)
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
        blocks.append((index, start..<min(start + size, rows.upperBound)))
      }
    }
    return blocks
  }
}

extension Pass.Span {
  /// The distinct shifts of `attended`, and each segment with the form that meets it.
  ///
  /// Models that are not rotary need one form only.
  static func runs(
    _ attended: [AttendedSegment], isRotary: Bool
  ) -> (cached: [Pass.CachedRun], shifts: [Int]) {
    var shifts = [0]
    var variants = [0: 0]
    var cached: [Pass.CachedRun] = []
    for (index, seen) in attended.enumerated() where !seen.isEmpty {
      let shift = isRotary ? seen.place - seen.encodedAt : 0
      let variant = variants[shift] ?? shifts.count
      if variant == shifts.count {
        variants[shift] = variant
        shifts.append(shift)
      }
      cached.append(
        Pass.CachedRun(
          segment: seen.segment, place: Int32(seen.place), count: Int32(seen.count), omitted: seen.omitted,
          variant: Int32(variant), index: index))
    }
    return (cached, shifts)
  }
}

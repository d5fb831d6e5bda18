/// Raw scores of every token of the vocabulary, for some tokens of a pass.
public struct Logits: Sendable {
  /// Which tokens of a sequence's part of a pass logits are wanted for.
  public enum Selection: Sendable {
    /// For none.
    case none
    /// For the last one.
    case last
    /// For each.
    case all
  }

  /// Number of rows, in the order of the tokens.
  public let rows: Int
  /// Numbers in a row.
  public let vocabularySize: Int
  /// Where a pass has left them: in memory that later passes do not touch for as long as this refers to it.
  private let ofPass: Matrix?
  /// Those of several passes, or of one whose memory is for many more.
  private let copied: [Float]

  /// Copied scores.
  init(rows: Int, vocabularySize: Int, values: [Float]) {
    self.rows = rows
    self.vocabularySize = vocabularySize
    ofPass = nil
    copied = values
  }

  /// Rows of a pass's scores, where they lie.
  init(_ rows: Matrix) {
    self.rows = rows.rows
    vocabularySize = rows.columns
    ofPass = rows
    copied = []
  }

  /// The scores of row `row`.
  ///
  /// - Precondition: there is that row.
  public subscript(row: Int) -> Span<Float> {
    @_lifetime(borrow self) get {
      precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
      guard let ofPass else { return copied.span.extracting(row * vocabularySize..<(row + 1) * vocabularySize) }
      // The matrix, and so its memory, lives as long as this.
      return unsafe _overrideLifetime(
        Span(_unsafeStart: ofPass.pointer(row: row), count: vocabularySize), borrowing: self)
    }
  }

  /// Whether every score of row `row` is a number, and none is infinite.
  ///
  /// - Precondition: there is that row.
  public func isFinite(row: Int) -> Bool {
    let scores = self[row]
    var strange: UInt32 = 0
    // All bits of the exponent are set in infinities and in what is no number.
    for index in scores.indices {
      strange |= scores[index].bitPattern & 0x7F80_0000 == 0x7F80_0000 ? 1 : 0
    }
    return strange == 0
  }
}

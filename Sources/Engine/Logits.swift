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
  private let values: [Float]

  init(rows: Int, vocabularySize: Int, values: [Float]) {
    self.rows = rows
    self.vocabularySize = vocabularySize
    self.values = values
  }

  /// The scores of row `row`.
  ///
  /// - Precondition: there is that row.
  public subscript(row: Int) -> Span<Float> {
    @_lifetime(borrow self) get {
      precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
      return values.span.extracting(row * vocabularySize..<(row + 1) * vocabularySize)
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

/// A decoder as data: what `TransformerDecoder` needs to know to compute any of the supported families.
package struct DecoderDescription: Equatable, Sendable {
  /// How a row is normalized.
  package enum Normalization: Equatable, Sendable {
    /// x / √(mean(x²) + ε) · weight.
    case rootMeanSquare
    /// (x − mean) / √(variance + ε) · weight, plus a bias if the family has one.
    case layer(bias: Bool)
  }

  /// How attention knows of positions.
  package enum Positions: Equatable, Sendable {
    /// Queries and keys are rotated by their position, with one of these sets of frequencies: each layer says which.
    case rotary([RotaryFrequencies])
    /// Scores fall by slope × distance; one slope a query head, for scores that are already scaled.
    case linearBiases(slopes: [Float])
  }

  /// What layers differ in.
  package struct Layer: Equatable, Sendable {
    /// Number of positions that a token sees (itself the last), or `nil` for all.
    package var window: Int?
    /// Index of the frequencies that queries and keys are rotated with, or `nil` where they are not rotated.
    package var rotation: Int?

    package init(window: Int? = nil, rotation: Int? = nil) {
      self.window = window
      self.rotation = rotation
    }
  }

  /// Factors of families that keep numbers in a range of their own.
  package struct Scales: Equatable, Sendable {
    /// What the embedding is multiplied by.
    package var embedding: Float = 1
    /// What attention and feed-forward are multiplied by before they join the residual stream.
    package var residual: Float = 1
    /// What the logits are multiplied by.
    package var logits: Float = 1
    /// A bound c that scores of attention are bent to: c · tanh(score / c).
    package var attentionCap: Float?
    /// The same for logits.
    package var logitCap: Float?
  }

  /// In which order the columns of one fused query-key-value product come.
  package enum ProjectionLayout: Equatable, Sendable {
    /// Three products, or one whose columns are all queries, then all keys, then all values.
    case blocks
    /// For each key-value head: its queries, its key, its value.
    case groups
  }

  /// How attention and feed-forward join the residual stream.
  package enum Residual: Equatable, Sendable {
    /// x += attention(norm₁(x)); x += feedForward(norm₂(x)).
    case sequential
    /// x += attention(norm₁(x)) + feedForward(norm₂(x)); without a second norm, both read the first one's.
    case parallel
  }

  package let hiddenSize: Int
  package let intermediateSize: Int
  package let layers: [Layer]
  package let queryHeads: Int
  package let keyValueHeads: Int
  package let headDimension: Int

  package let normalization: Normalization
  package let epsilon: Float
  /// What checkpoints leave out of the weights of norms: 1 where these are written as distances from 1.
  package var normOffset: Float = 0
  package let positions: Positions
  /// What a product of query and key is multiplied by.
  package let attentionScale: Float
  /// Bound that queries, keys and values are clipped to.
  package let projectionBound: Float?
  package let activation: Activation
  package let residual: Residual
  package let projectionLayout: ProjectionLayout
  package var scales = Scales()
  package let names: TensorNames

  /// Query heads that share a key-value head.
  var groupSize: Int { queryHeads / keyValueHeads }
  /// Columns of queries, keys and values together.
  var projectionSize: Int { (queryHeads + 2 * keyValueHeads) * headDimension }
  /// Columns of the queries, and of attention's output.
  var querySize: Int { queryHeads * headDimension }
  /// Columns of the keys, and of the values.
  var keyValueSize: Int { keyValueHeads * headDimension }

  /// First column of query head `head` in the fused product.
  func queryColumn(_ head: Int) -> Int {
    switch projectionLayout {
    case .blocks: head * headDimension
    case .groups: (head / groupSize * (groupSize + 2) + head % groupSize) * headDimension
    }
  }

  /// First column of the key of `head`.
  func keyColumn(_ head: Int) -> Int {
    switch projectionLayout {
    case .blocks: querySize + head * headDimension
    case .groups: (head * (groupSize + 2) + groupSize) * headDimension
    }
  }

  /// First column of the value of `head`.
  func valueColumn(_ head: Int) -> Int {
    switch projectionLayout {
    case .blocks: querySize + keyValueSize + head * headDimension
    case .groups: keyColumn(head) + headDimension
    }
  }
}

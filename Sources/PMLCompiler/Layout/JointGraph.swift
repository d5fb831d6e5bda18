/// Joint encodings, each of which sees all those in front of it in its chain.
public protocol JointGraph: EncodingGraph {
  /// Indices of all encodings.
  var indices: Range<Int> { get }
  /// The encoding right in front of one.
  func previous(of index: Int) -> Int?
  /// Number of encodings in front of one.
  func depth(of index: Int) -> Int
  /// What a person calls an encoding.
  func label(of index: Int) -> String
}

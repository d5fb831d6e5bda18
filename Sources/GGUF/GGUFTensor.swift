/// One tensor of a GGUF file: where its numbers lie, and how.
public struct GGUFTensor: Equatable, Sendable {
  /// Its name, such as `blk.0.attn_q.weight`.
  public let name: String
  /// Its sides, the longest stride first as safetensors has them: (rows, columns) of a matrix. The file has them the other
  /// way round.
  public let shape: [Int]
  /// How its numbers lie.
  public let type: GGUFTensorType
  /// Its bytes, counted from the file's start; they lie within the file.
  public let bytes: Range<Int>
}

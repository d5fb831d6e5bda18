public import KVCacheFormat

/// Why a model could not be read, or a pass not be run.
///
/// Each case carries the names and numbers that its text needs; nothing here is a bug of the caller alone, so nothing
/// of it traps.
public enum EngineError: Error, Equatable, Sendable {
  // MARK: Files

  /// There is no folder at `path`, or it cannot be read.
  case notAModelFolder(path: String, reason: String)
  /// The folder lacks a file that the model needs.
  case missingFile(name: String, location: String)
  /// The system refused to open or map a file.
  case unreadableFile(path: String, reason: String)
  /// The system refused to write a file of prepared weights.
  case unwritableFile(path: String, reason: String)
  /// The system has no room in memory for so much.
  case outOfMemory(byteCount: Int)

  // MARK: Configuration

  /// A JSON file does not hold what it must.
  case malformedConfiguration(file: String, reason: String)
  /// `architectures` names none that this engine computes.
  case unsupportedArchitecture(names: [String], supported: [String])
  /// A configuration asks for a variant that this engine does not compute.
  case unsupportedOption(key: String, value: String, supported: [String])

  // MARK: Weights

  /// A weight file ends before its header says it does.
  case truncatedWeights(file: String, expectedBytes: Int, actualBytes: Int)
  /// A weight file's header contradicts itself or the format.
  case malformedWeights(file: String, reason: String)
  /// No weight file holds a tensor that the configuration calls for.
  case missingTensor(name: String, location: String)
  /// A tensor has another shape than the configuration calls for.
  case wrongShape(tensor: String, expected: [Int], found: [Int])
  /// A tensor's numbers are of a type that this engine does not compute with.
  case unsupportedElement(tensor: String, found: String, supported: [String])

  // MARK: Requests

  /// A token is not in the model's vocabulary.
  case tokenOutOfRange(token: Int32, vocabularySize: Int)
  /// A position lies beyond the model's context.
  case positionOutOfRange(position: Int, contextLength: Int)
  /// Tokens and positions differ in number.
  case countMismatch(tokens: Int, positions: Int)
  /// Positions of new tokens do not rise from each to the next.
  case positionsNotAscending(previous: Int, next: Int)
  /// The scores of the next token are infinite, or no numbers.
  case scoresNotFinite
  /// A pass was asked for without a token.
  case noTokens
  /// The task that asked was cancelled.
  case cancelled
  /// A sequence is in use by another pass.
  case sequenceInUse

  // MARK: Cached states

  /// A segment comes with fewer or more layers than its shape has.
  case wrongLayerCount(expected: Int, found: Int)
  /// A blob's payload has another size than its layout.
  case wrongBlobSize(layer: Int, expectedBytes: Int, foundBytes: Int)
  /// A blob's payload does not begin at a multiple of the alignment.
  case misalignedBlob(layer: Int, alignment: Int)
  /// A segment was made by a model of another shape.
  case wrongSegmentShape(expected: KVShape, found: KVShape)
  /// More tokens of a segment are asked for than it holds.
  case segmentTooShort(tokens: Int, asked: Int)
}

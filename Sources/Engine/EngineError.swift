public import Failure
public import GGUF
public import KVCacheFormat

/// Why a model could not be read, or a pass not be run.
///
/// Each case carries what its message needs. All of them can be caused by input, so none of them traps.
public enum EngineError: Error, Equatable, Sendable {
  /// A half of a token's states.
  public enum StatePart: String, Sendable {
    /// Keys.
    case key
    /// Values.
    case value
  }

  // MARK: Files

  /// There is no folder at `path`, or it cannot be read.
  case notAModelFolder(path: String, reason: String)
  /// The folder lacks a file that the model needs.
  case missingFile(name: String, location: String)
  /// The system refused to open or map a file.
  case unreadableFile(path: String, reason: String)
  /// A file that must be part of a model is something else.
  case foreignFile(name: String, ForeignFile)
  /// A file of the model changed after it was first read, so nothing that was made from it can be kept.
  case fileChanged(path: String)
  /// The system refused to write a file of converted weights.
  case unwritableFile(path: String, reason: String)
  /// The system has no memory for so much.
  case outOfMemory(byteCount: Int)

  // MARK: Configuration

  /// A JSON file is not what it should be.
  case malformedConfiguration(file: String, reason: String)
  /// `architectures` names none that this engine computes.
  case unsupportedArchitecture(names: [String], supported: [String])
  /// The model has layers whose state is a fold over all that came before, so that no module's states could be reused
  /// beside others.
  case foldingLayers(architecture: String, layerType: String, supported: [String])
  /// The model's feed-forward is a mixture of experts, which this engine does not compute.
  case mixtureOfExperts(architecture: String, supported: [String])
  /// A configuration asks for a variant that this engine does not compute.
  case unsupportedOption(key: String, value: String, supported: [String])

  /// A GGUF file cannot be read.
  case malformedGGUF(file: String, GGUFError)

  // MARK: Weights

  /// The model's weights are quantised in a way that this engine does not compute with.
  case quantizedCheckpoint(method: String)
  /// The folder holds weights, but not as safetensors; `found` is one of the files.
  case otherWeights(found: String, location: String)
  /// A weight file ends before its header says it does.
  case truncatedWeights(file: String, expectedBytes: Int, actualBytes: Int)
  /// A weight file's header contradicts itself or the format.
  case malformedWeights(file: String, reason: String)
  /// No weight file holds a tensor that the configuration calls for.
  case missingTensor(name: String, location: String)
  /// A tensor has another shape than the configuration calls for.
  case wrongShape(tensor: String, expected: [Int], found: [Int])
  /// A tensor holds numbers of a type that this engine does not compute with.
  case unsupportedElement(tensor: String, found: String, supported: [String])

  /// A tensor with infinities or NaN, found while its numbers were converted to another format.
  case weightNotFinite(tensor: String, format: WeightFormat)
  /// A weight file is shorter than it was when it was opened, so that its map must not be read.
  case weightsShortened(path: String)

  // MARK: Requests

  /// A token is not in the model's vocabulary.
  case tokenOutOfRange(token: Int32, vocabularySize: Int)
  /// A position lies beyond the model's context.
  case positionOutOfRange(position: Int, contextLength: Int)
  /// Tokens and positions differ in number.
  case countMismatch(tokens: Int, positions: Int)
  /// Positions of new tokens do not rise from each to the next.
  case positionsNotAscending(previous: Int, next: Int)
  /// Some score of the next token is infinite or NaN.
  case scoresNotFinite
  /// A pass was asked for without a token.
  case noTokens
  /// The task that asked was cancelled.
  case cancelled
  /// A sequence is in use by another pass.
  case sequenceInUse

  // MARK: Cached states

  /// A key or value is beyond what the KV format can hold.
  case stateOutOfRange(layer: Int, part: StatePart, magnitude: Float, element: KVElement)
  /// A key or value is infinite or NaN.
  case stateNotFinite(layer: Int, part: StatePart)

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
  /// A token would see, within the layer's sliding window, tokens of a segment that the layer did not keep.
  case stateNotKept(layer: Int, position: Int)
}

extension EngineError {
  /// The refusal of an architecture that no family here is, for what it is.
  static func refusal(of names: [String], layerTypes: [String] = [], supported: [String]) -> EngineError {
    let kinds = names.compactMap(UncomputedModel.init(named:)) + layerTypes.compactMap(UncomputedModel.init(layerType:))
    switch kinds.first {
    case .folds(let layerType):
      return .foldingLayers(architecture: names.first ?? "the model", layerType: layerType, supported: supported)
    case .experts: return .mixtureOfExperts(architecture: names.first ?? "the model", supported: supported)
    case nil: return .unsupportedArchitecture(names: names, supported: supported)
    }
  }
}

extension EngineError: CategorizedError, CustomStringConvertible {
  /// The kind of failure, by which a caller can choose how to react.
  public var category: FailureCategory {
    switch self {
    case .notAModelFolder, .missingFile, .foreignFile, .quantizedCheckpoint, .otherWeights, .malformedConfiguration,
      .unsupportedArchitecture, .foldingLayers, .mixtureOfExperts, .unsupportedOption,
      .truncatedWeights, .malformedWeights, .missingTensor, .wrongShape, .unsupportedElement, .tokenOutOfRange,
      .positionOutOfRange, .countMismatch, .positionsNotAscending, .scoresNotFinite, .noTokens, .wrongLayerCount,
      .wrongBlobSize, .misalignedBlob, .wrongSegmentShape, .segmentTooShort, .weightNotFinite, .stateOutOfRange,
      .stateNotFinite, .stateNotKept:
      .input
    case .malformedGGUF(_, let error): error.category
    case .unreadableFile, .unwritableFile: .own
    case .outOfMemory: .resources
    case .weightsShortened: .damaged
    case .cancelled: .cancelled
    case .sequenceInUse, .fileChanged: .busy
    }
  }

  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .notAModelFolder(let path, let reason):
      "\(path.quoted(limit: 300)) is not a model folder: \(reason)"
    case .missingFile(let name, let location):
      "no \(name.quoted()) in \(location.quoted(limit: 300))"
    case .unreadableFile(let path, let reason):
      "cannot read \(path.quoted(limit: 300)): \(reason)"
    case .foreignFile(let name, let kind):
      "\(name.quoted(limit: 300)) is \(kind.name)"
    case .fileChanged(let path):
      "\(path.quoted(limit: 300)) changed while it was in use, so nothing was kept"
    case .unwritableFile(let path, let reason):
      "cannot write \(path.quoted(limit: 300)): \(reason)"
    case .outOfMemory(let byteCount):
      "there is no memory for \(byteCount) bytes"
    case .malformedConfiguration(let file, let reason):
      "\(file.quoted()) is malformed: \(reason)"
    case .malformedGGUF(let file, let error):
      "\(file.quoted(limit: 300)) cannot be read as a model: \(error.message)"
    case .unsupportedArchitecture(let names, _):
      names.isEmpty
        ? "`config.json` names no architecture"
        : "unsupported architecture \(quoted(names))"
    case .foldingLayers(let architecture, let layerType, _):
      "\(architecture.quoted()) has \(layerType) layers, whose state is a fold over all that came before: modules cannot "
        + "be reused apart"
    case .mixtureOfExperts(let architecture, _):
      "\(architecture.quoted()) is a mixture of experts, which is not supported"
    case .unsupportedOption(let key, let value, _):
      "unsupported \(key.quoted()) \(value.quoted()) in `config.json`"
    case .truncatedWeights(let file, let expected, let actual):
      "\(file.quoted()) is truncated: its header calls for \(expected) bytes, the file has \(actual)"
    case .malformedWeights(let file, let reason):
      "\(file.quoted()) is malformed: \(reason)"
    case .missingTensor(let name, let location):
      "no tensor \(name.quoted(limit: 100)) in the weights of \(location.quoted(limit: 300))"
    case .wrongShape(let tensor, let expected, let found):
      "tensor \(tensor.quoted(limit: 100)) has shape \(Self.shown(found)), `config.json` calls for \(expected)"
    case .unsupportedElement(let tensor, let found, _):
      "tensor \(tensor.quoted(limit: 100)) holds numbers of type \(found.quoted())"
    case .quantizedCheckpoint(let method):
      "the weights are quantised (\(method.quoted()))"
    case .otherWeights(let found, let location):
      "\(location.quoted(limit: 300)) holds no `model.safetensors`, but \(found.quoted())"
    case .tokenOutOfRange(let token, let size):
      "token \(token) is not in the vocabulary of \(size) tokens"
    case .positionOutOfRange(let position, let length):
      "position \(position) lies outside the model's context of \(length) positions"
    case .countMismatch(let tokens, let positions):
      "\(tokens) tokens come with \(positions) positions"
    case .positionsNotAscending(let previous, let next):
      "position \(next) follows position \(previous)"
    case .scoresNotFinite:
      "the model's scores for the next token are not all finite: its weights hold infinities or NaN, or are another model's"
    case .noTokens:
      "a pass needs a token"
    case .cancelled:
      "the pass was cancelled"
    case .sequenceInUse:
      "the sequence is in use by another pass"
    case .weightNotFinite(let tensor, let format):
      "tensor `\(tensor)` holds infinities or NaN, which cannot be converted to \(format.rawValue)"
    case .weightsShortened(let path):
      "`\(path)` has been shortened while it was in use"
    case .stateOutOfRange(let layer, let part, let magnitude, let element):
      "a \(part.rawValue) of layer \(layer) is \(magnitude), beyond what \(element.rawValue) can hold"
    case .stateNotFinite(let layer, let part):
      "a \(part.rawValue) of layer \(layer) is infinite or NaN: the model's weights hold such numbers, or are another "
        + "model's"
    case .wrongLayerCount(let expected, let found):
      "a segment comes with \(found) layers, its shape has \(expected)"
    case .wrongBlobSize(let layer, let expected, let found):
      "the states of layer \(layer) take \(found) bytes, their layout \(expected)"
    case .misalignedBlob(let layer, let alignment):
      "the states of layer \(layer) do not begin at a multiple of \(alignment) bytes"
    case .wrongSegmentShape(let expected, let found):
      "a segment's states are of shape \(text(found)), the model's of \(text(expected))"
    case .segmentTooShort(let tokens, let asked):
      "\(asked) tokens are asked of a segment of \(tokens)"
    case .stateNotKept(let layer, let position):
      "the token at position \(position) sees tokens of a segment whose states layer \(layer) did not keep"
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .notAModelFolder: [.nameModelFolder]
    case .missingFile(let name, _): name.contains("-of-") ? [.downloadAgain] : [.nameModelFolder]
    case .otherWeights: [.other("convert them to safetensors, or take a model that has them")]
    case .quantizedCheckpoint: [.other("take the model with weights in f32, f16 or bf16")]
    case .foreignFile(_, let kind): kind.remedies
    case .fileChanged: [.tryAgain]
    case .malformedWeights: [.downloadAgain]
    case .truncatedWeights: [.downloadAgain]
    case .outOfMemory: [.raiseMemoryLimit]
    case .scoresNotFinite, .stateNotFinite, .weightNotFinite, .weightsShortened: [.downloadAgain]
    case .stateOutOfRange: [.useKVFormat(KVElement.f32.rawValue)]
    case .unsupportedArchitecture(_, let supported), .unsupportedOption(_, _, let supported),
      .foldingLayers(_, _, let supported), .mixtureOfExperts(_, let supported),
      .unsupportedElement(_, _, let supported):
      supported.isEmpty ? [] : [.chooseSupported(supported)]
    case .positionsNotAscending: [.other("positions of new tokens must rise from each to the next")]
    case .wrongSegmentShape: [.other("use the states with the model that made them, or encode anew")]
    default: []
    }
  }

  private func quoted(_ names: [String]) -> String {
    names.prefix(8).map { $0.quoted() }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
  }

  /// A shape from a file, which may have any number of dimensions.
  private static func shown(_ shape: [Int]) -> String {
    shape.count > 8 ? "of \(shape.count) dimensions" : "\(shape)"
  }

  private func text(_ shape: KVShape) -> String {
    "\(shape.layers) layers × \(shape.heads) heads × \(shape.headDimension)"
  }
}

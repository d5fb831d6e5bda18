import KVCacheFormat

extension EngineError {
  /// What is wrong: one lower-case clause.
  public var message: String {
    switch self {
    case .notAModelFolder(let path, let reason):
      "`\(path)` is not a model folder: \(reason)"
    case .missingFile(let name, let location):
      "no `\(name)` in `\(location)`"
    case .unreadableFile(let path, let reason):
      "cannot read `\(path)`: \(reason)"
    case .unwritableFile(let path, let reason):
      "cannot write `\(path)`: \(reason)"
    case .outOfMemory(let byteCount):
      "no memory for \(byteCount) bytes: other programs hold it, or a limit of this process is too low"
    case .malformedConfiguration(let file, let reason):
      "`\(file)` is malformed: \(reason)"
    case .unsupportedArchitecture(let names, _):
      names.isEmpty
        ? "`config.json` names no architecture"
        : "unsupported architecture \(quoted(names))"
    case .unsupportedOption(let key, let value, _):
      "unsupported `\(key)` `\(value)` in `config.json`"
    case .truncatedWeights(let file, let expected, let actual):
      "`\(file)` is truncated: its header calls for \(expected) bytes, the file has \(actual)"
    case .malformedWeights(let file, let reason):
      "`\(file)` is malformed: \(reason)"
    case .missingTensor(let name, let location):
      "no tensor `\(name)` in the weights of `\(location)`"
    case .wrongShape(let tensor, let expected, let found):
      "tensor `\(tensor)` has shape \(found), `config.json` calls for \(expected)"
    case .unsupportedElement(let tensor, let found, _):
      "tensor `\(tensor)` holds numbers of type `\(found)`"
    case .tokenOutOfRange(let token, let size):
      "token \(token) is not in the vocabulary of \(size) tokens"
    case .positionOutOfRange(let position, let length):
      "position \(position) lies outside the model's context of \(length) positions"
    case .countMismatch(let tokens, let positions):
      "\(tokens) tokens come with \(positions) positions"
    case .positionsNotAscending(let previous, let next):
      "position \(next) follows position \(previous)"
    case .scoresNotFinite:
      "the model's scores for the next token are not all numbers"
    case .noTokens:
      "a pass needs a token"
    case .cancelled:
      "the pass was cancelled"
    case .sequenceInUse:
      "the sequence is in use by another pass"
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
    }
  }

  /// What to do about it, where something can be done.
  public var help: String? {
    switch self {
    case .notAModelFolder:
      "give a Hugging Face model folder: `config.json`, `tokenizer.json` and `*.safetensors`"
    case .missingFile(let name, _):
      name.hasSuffix(".safetensors")
        ? "the weights must be safetensors: `model.safetensors`, or shards and `model.safetensors.index.json`"
        : "give a Hugging Face model folder: `config.json`, `tokenizer.json` and `*.safetensors`"
    case .truncatedWeights:
      "download the file again"
    case .scoresNotFinite:
      "the weights hold infinities, or what is no number, or are not this model's: download them again"
    case .unsupportedArchitecture(_, let supported), .unsupportedOption(_, _, let supported),
      .unsupportedElement(_, _, let supported):
      supported.isEmpty ? nil : "supported: \(quoted(supported))"
    case .positionsNotAscending:
      "positions of new tokens must rise from each to the next"
    case .wrongSegmentShape:
      "use the states with the model that made them, or encode anew"
    default:
      nil
    }
  }

  private func quoted(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: ", ")
  }

  private func text(_ shape: KVShape) -> String {
    "\(shape.layers) layers × \(shape.heads) heads × \(shape.headDimension)"
  }
}

extension EngineError: CustomStringConvertible {
  /// The message, and the help on a line of its own if there is one.
  public var description: String {
    help.map { "\(message)\nhelp: \($0)" } ?? message
  }
}

internal import Logging
internal import PromptCache

/// Says in the log what a session is doing.
struct ProgressLog: Sendable {
  let logger: Logger

  @Sendable func note(_ progress: CacheProgress) {
    switch progress {
    case .readingModel(let done, let total) where done == total:
      logger.debug("read the model's files", metadata: ["bytes": .number(total)])
    case .makingWeights(let format, let done, let total) where done == total:
      logger.info(
        format == .stored ? "laid weights out for this CPU" : "made weights",
        metadata: ["format": "\(format)", "matrices": .number(total)])
    case .weightsNotKept(let format, let error):
      logger.warning(
        format == .stored ? "weights are multiplied as the file has them" : "weights are made anew each time",
        metadata: ["format": "\(format)", "error": "\(error.message)"])
    case .jointEncodingDamaged(let schema, let error):
      logger.warning(
        "a joint encoding is damaged and not used", metadata: ["schema": "\(schema)", "error": "\(error.message)"])
    case .indexDamaged(_, let error):
      logger.warning("an index is damaged and made anew", metadata: ["error": "\(error.message)"])
    case .readingModel, .makingWeights, .computingStates, .fetchingStates, .puttingStates, .indexing, .ended: break
    }
  }
}

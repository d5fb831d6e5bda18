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
      logger.info("made weights", metadata: ["format": "\(format)", "matrices": .number(total)])
    case .weightsNotKept(let format, let error):
      logger.warning("weights are made anew each time", metadata: ["format": "\(format)", "error": "\(error.message)"])
    case .jointEncodingDamaged(let schema, let error):
      logger.warning(
        "a joint encoding is damaged and not used", metadata: ["schema": "\(schema)", "error": "\(error.message)"])
    case .readingModel, .makingWeights, .computingStates, .ended: break
    }
  }
}

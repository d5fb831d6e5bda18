public import Engine

/// What a session is doing while it takes long, for whoever shows it to a person.
///
/// Events of one task come in order, each task's last one being `ended`. They come on the thread that does the work, so
/// handle them quickly.
public enum CacheProgress: Sendable {
  /// The model's files are read, to know which model it is: bytes so far, and in all.
  case readingModel(done: Int, total: Int)
  /// Weights are brought into another format: matrices so far, and in all.
  case makingWeights(WeightFormat, done: Int, total: Int)
  /// States of a schema are computed.
  case computingStates(schema: String, WarmProgress)
  /// Weights in another format cannot be kept beside the store, so they are made again in memory each time.
  case weightsNotKept(WeightFormat, because: PromptCacheError)
  /// The task that the events before were about has ended, well or not.
  case ended
}

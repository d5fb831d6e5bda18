public import Engine

/// What a session is working on, so that a program can show its progress.
///
/// Each piece of work sends its events in order and `ended` last, on the thread that does the work: handle them quickly.
public enum CacheProgress: Sendable {
  /// Reading the model's files to identify the model: bytes so far, and in all.
  case readingModel(done: Int, total: Int)
  /// Converting weights to another format, or laying out stored ones for this CPU: matrices so far, and in all.
  case makingWeights(WeightFormat, done: Int, total: Int)
  /// Computing states of a schema, or of a conversation, whose name is empty.
  case computingStates(schema: String, WarmProgress)
  /// Fetching states of a schema from the remote store: encodings so far and in all, and bytes so far.
  case fetchingStates(schema: String, done: Int, total: Int, byteCount: Int)
  /// Putting states of a schema into the remote store, likewise.
  case puttingStates(schema: String, done: Int, total: Int, byteCount: Int)
  /// Converted weights cannot be kept beside the store, so they are made in memory each time; stored ones are multiplied as the
  /// file has them.
  case weightsNotKept(WeightFormat, because: PromptCacheError)
  /// A joint encoding of a schema's prompt, or of a conversation, is damaged, and others are used from there on.
  case jointEncodingDamaged(schema: String, because: PromptCacheError)
  /// Indexing the modules of a library for search: modules so far, and in all.
  case indexing(library: String, done: Int, total: Int)
  /// The index of a library is damaged, and made anew. The name is empty where it is not known yet.
  case indexDamaged(library: String, because: PromptCacheError)
  /// The work has ended, successfully or not.
  case ended
}

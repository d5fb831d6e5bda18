/// Threads that compute: one engine's own, or those of several, which take turns on them job by job.
public final class ComputeThreads: Sendable {
  let pool: ThreadPool

  /// Threads that wait for work.
  ///
  /// - Parameter threads: how many; all cores that the process may use if `nil`. There may be fewer where the system does not
  ///   allow as many.
  public init(_ threads: Int? = nil) {
    pool = ThreadPool(threads: min(max(threads ?? ThreadPool.availableCores, 1), ThreadPool.mostThreads))
  }
}

internal import Glibc
internal import Threads

/// Runs an actor's jobs, one after the other, on a thread of its own, which they may keep busy: the threads that all tasks
/// share are not for that.
@safe final class ThreadExecutor: SerialExecutor, Sendable {
  // Its jobs and its end are touched only with the mutex held.
  @safe private final class Queue: @unchecked Sendable {
    private var jobs: [UnownedJob] = []
    private var next = 0
    private var isStopped = false
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Set before the thread starts. A running job keeps the executor alive.
    nonisolated(unsafe) var executor: UnownedSerialExecutor?

    init() {
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(condition, nil)
    }

    deinit {
      unsafe pthread_cond_destroy(condition)
      unsafe pthread_mutex_destroy(mutex)
      unsafe condition.deallocate()
      unsafe mutex.deallocate()
    }

    private func locked<R>(_ body: () -> R) -> R {
      unsafe pthread_mutex_lock(mutex)
      defer { unsafe pthread_mutex_unlock(mutex) }
      return body()
    }

    var isEmpty: Bool { locked { next == jobs.count } }

    func append(_ job: UnownedJob) {
      locked {
        jobs.append(job)
        unsafe pthread_cond_signal(condition)
      }
    }

    func stop() {
      locked {
        isStopped = true
        unsafe pthread_cond_signal(condition)
      }
    }

    /// Waits for a job; `nil` when there will be no more.
    private func take() -> UnownedJob? {
      locked {
        while next == jobs.count {
          if isStopped { return nil }
          unsafe pthread_cond_wait(condition, mutex)
        }
        defer {
          next += 1
          if next == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            next = 0
          }
        }
        return jobs[next]
      }
    }

    func run() {
      while let job = take() {
        if let executor = unsafe executor { unsafe job.runSynchronously(on: executor) }
      }
    }
  }

  private let queue = Queue()

  /// - Throws: `PromptCacheError.noThread`.
  init() throws(PromptCacheError) {
    unsafe queue.executor = unsafe asUnownedSerialExecutor()
    guard let thread = startThread({ [queue] in queue.run() }) else { throw .noThread }
    pthread_detach(thread)
  }

  // The thread itself may release the executor last, so it is not joined.
  deinit { queue.stop() }

  /// Whether a job waits for the one that is running.
  var hasWaitingJobs: Bool { !queue.isEmpty }

  func enqueue(_ job: consuming ExecutorJob) { queue.append(UnownedJob(job)) }
}

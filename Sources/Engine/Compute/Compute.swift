import CKernels
import COpenBLAS
import Glibc
import Synchronization

/// The threads and scratch memory that a model's passes are computed with.
///
/// Every operation splits its work at places that depend on the shapes alone, never on the number of threads, so the
/// same input gives the same bits however many there are.
final class Compute {
  let pool: ThreadPool
  let workspace = Workspace()
  /// Whether products are OpenBLAS's: where the kernels have no vector instructions for this CPU, and the system has that
  /// library.
  let usesBLAS = ck_cpu_in_use() == ck_cpu_portable && openblas_load()
  private var scratch: [FloatMemory?]

  init(threads: Int) {
    pool = ThreadPool(threads: threads)
    scratch = Array(repeating: nil, count: pool.threads)
  }

  /// The same threads with scratch memory of its own, for a pass that others come between.
  init(sharingThreadsOf other: Compute) {
    pool = other.pool
    scratch = Array(repeating: nil, count: pool.threads)
  }

  /// Runs `body` for each task with `count` numbers of scratch that no other task uses meanwhile.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  func run(
    _ tasks: Int, scratch count: Int, _ body: (_ task: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) throws(EngineError) {
    let memories = try (0..<pool.threads).map { thread throws(EngineError) in
      try reserveScratch(thread: thread, count: count)
    }
    pool.run(tasks) { task, thread in unsafe body(task, memories[thread].base) }
  }

  private func reserveScratch(thread: Int, count: Int) throws(EngineError) -> FloatMemory {
    if let memory = scratch[thread], memory.count >= count { return memory }
    scratch[thread] = nil
    let memory = try FloatMemory(count: count)
    scratch[thread] = memory
    return memory
  }
}

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
  /// Parts that are left of each block of attention.
  let countdowns = Countdowns()
  /// For each thread, as much as any job has asked for.
  private var scratch: [FloatMemory] = []

  init(on threads: ComputeThreads) {
    pool = threads.pool
  }

  /// The same threads with scratch memory of its own, for a pass that others come between.
  init(sharingThreadsOf other: Compute) {
    pool = other.pool
  }

  /// Runs `body` for each task with `count` numbers of scratch that no other task uses meanwhile.
  ///
  /// - Throws: `EngineError.outOfMemory`.
  func run(
    _ tasks: Int, scratch count: Int, _ body: (_ task: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
  ) throws(EngineError) {
    try reserveScratch(count)
    let scratch = scratch
    pool.run(tasks) { task, thread in unsafe body(task, scratch[thread].base) }
  }

  private func reserveScratch(_ count: Int) throws(EngineError) {
    if let first = scratch.first, first.count >= count { return }
    scratch = []  // give the old memory back first
    scratch = try (0..<pool.threads).map { _ throws(EngineError) in try FloatMemory(count: count) }
  }
}

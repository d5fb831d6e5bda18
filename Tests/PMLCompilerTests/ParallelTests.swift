import Foundation
import PMLCompiler
import Testing

/// Work that is shared among threads, as far as the system gives any.
@Suite struct ParallelTests {
  @Test(arguments: [0, 1, 2, 1_000]) func resultsAreInOrder(count: Int) {
    #expect(inParallel(count) { $0 * 2 } == (0..<count).map { $0 * 2 })
  }

  /// The caller does all of it where no thread can be started: here because there is no address space for a stack.
  @Test func theCallerAloneIsEnough() async {
    await #expect(processExitsWith: .success) {
      let statistics = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      let pages = try #require(statistics.split(separator: " ").first.flatMap { Int($0) })
      let limit = rlim_t(pages * Int(getpagesize()) + 4 << 20)
      var limits = rlimit(rlim_cur: limit, rlim_max: limit)
      try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0)
      // Threads that sleep take the stacks that ended ones have left.
      var code: Int32 = 0
      while code == 0 {
        var thread = pthread_t()
        code = unsafe pthread_create(&thread, nil, { _ in while true { pause() } }, nil)
      }
      try #require(code == EAGAIN)
      let caller = pthread_self()
      let isCaller = inParallel(1_000) { _ in pthread_equal(pthread_self(), caller) != 0 }
      _exit(isCaller == [Bool](repeating: true, count: 1_000) ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }
}

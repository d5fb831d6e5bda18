import Foundation
import TestSupport
import Testing

/// Threads stay on cores of their own where there is one for each of them, and nowhere else.
@Suite(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1)) struct ThreadTests {
  private static let cores = ProcessInfo.processInfo.activeProcessorCount

  /// The cores that each thread of a running program may use, as the system lists them.
  private func allowed(_ process: Int32) -> [String] {
    let folder = "/proc/\(process)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return threads.compactMap { thread in
      let status = try? String(contentsOfFile: "\(folder)/\(thread)/status", encoding: .utf8)
      return status?.firstMatch(of: /Cpus_allowed_list:\s*(\S+)/).map { String($0.output.1) }
    }
  }

  /// The cores that single threads were kept on until the program ended. It waits without giving up its thread, which
  /// other tests would take for longer than the program runs.
  private func coresOfPinnedThreads(_ process: Int32) -> Set<String> {
    var pinned: Set<String> = []
    while FileManager.default.fileExists(atPath: "/proc/\(process)/exe") {
      pinned.formUnion(allowed(process).filter { Int($0) != nil })
      Thread.sleep(forTimeInterval: 0.005)
    }
    return pinned
  }

  @Test(arguments: [cores, 1, cores + 1])
  func pinned(threads: Int) async throws {
    let folder = try Documents.folder()
    let text = String(repeating: " word and word", count: 1300)
    try folder.write(#"<prompt schema="s"><a/>\#(text)</prompt>"#, to: "long.pml")
    let running = try PMLC.start(
      ["run", "long.pml", "--schema", "schema.pml", "--no-cache", "--max-tokens", "1", "--threads", "\(threads)"],
      in: folder)
    let pinned = coresOfPinnedThreads(running.processIdentifier)
    #expect(try await running.finish().status == 0)
    // The thread that asks stays free.
    #expect(pinned.count == (threads == Self.cores ? Self.cores - 1 : 0), "\(pinned)")
  }
}

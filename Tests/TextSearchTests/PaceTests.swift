import FileSystem
import Foundation
import TestSupport
import Testing
import TextSearch

/// How long things take at the size that they are made for. The bounds leave room for a busy machine; what is printed is
/// what was measured.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PMLC_LONG_TESTS"] != nil), .serialized) struct PaceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [20_000, 100_000]) func largeLibraries(count: Int) throws {
    var source = TextSource(seed: 1, words: 60_000)
    let path = FilePath(folder.path("index"))
    var texts = 0.0
    // Texts are made one at a time, and not counted.
    var making = try seconds {
      try TextIndexMaker.make(at: path, stamp: []) { maker in
        for number in 0..<count {
          try maker.put("d\(number)", in: "docs", digest: [UInt8(number & 255)]) {
            var text = ""
            texts += seconds { text = source.text(500) }
            return text
          }
        }
      }
    }
    making -= texts
    let byteCount = try FileStatus(of: path)?.byteCount ?? 0
    let adding = try seconds {
      try TextIndexMaker.make(at: path, from: path, stamp: []) { maker in
        for number in 0...count {
          try maker.put("d\(number)", in: "docs", digest: [UInt8(number & 255)]) { source.text(500) }
        }
      }
    }
    var index: TextIndex?
    let opening = try seconds { index = try TextIndex(at: path) }
    guard let index else { return }
    var times: [Double] = []
    for _ in 0..<200 {
      let question = source.text(15)
      times.append(try seconds { _ = try index.best(4, for: question, in: "docs") })
    }
    let first = times[0]
    times.sort()
    let checking = try seconds { try TextIndex.check(path) }
    print(
      "\(count) documents: made in \(making) s, \(byteCount) bytes, one added in \(adding) s, opened in \(opening) s,",
      "first question \(first) s, median \(times[100]) s, 95 % \(times[190]) s, most \(times[199]) s, checked in \(checking) s"
    )
    #expect(adding < (count == 20_000 ? 0.6 : 3))
    #expect(times[100] < 0.02)
    #expect(making < Double(count) / 500)
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let time = try clock.measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
  }
}

import FileSystem
import Foundation
import KVCacheFormat
import Store

/// Writing states, against `dd conv=fsync` of as many bytes on the same disk.
enum Writing {
  /// 1 MiB a layer.
  private static let sample = Sample(shape: KVShape(layers: 16, heads: 8, headDimension: 128), tokens: 256)
  private static let encodings = 32
  private static let rounds = 7

  static func run(_ scratch: Scratch) throws {
    let total = encodings * sample.shape.layers * sample.layout.byteCount
    let bytes = Sample.randomBytes(sample.layout.byteCount)
    let source = try scratch.write(bytes, byteCount: total, to: "source")
    defer { try? FileManager.default.removeItem(atPath: source) }
    var (plain, fresh, again): ([Double], [Double], [Double]) = ([], [], [])
    for round in 0..<rounds {
      let copy = "\(scratch.path)/copy"
      // Each goes first in turn.
      if round % 2 == 0 { plain.append(try secondsToCopy(source, total, to: copy)) }
      try scratch.withStore { path in
        let store = try StateStore(at: FilePath(path))
        touchMemory(total)
        fresh.append(try seconds { try sample.fill(store, 0..<encodings, from: bytes) })
        try store.collectGarbage(GarbagePolicy(keep: 0))
        again.append(try seconds { try sample.fill(store, encodings..<2 * encodings, from: bytes) })
        if round % 2 == 1 { plain.append(try secondsToCopy(source, total, to: copy)) }
      }
      try FileManager.default.removeItem(atPath: copy)
      // What was removed shall not be the business of what is timed next.
      sync()
      sleep(2)
    }
    print("| \(megabytes(total)), median of \(rounds) | | × dd |\n| --- | --- | --- |")
    for (label, times) in [
      ("`dd bs=1M conv=fsync`", plain), ("a new store, a commit each 32 MB", fresh),
      ("the same into space that `gc` freed", again),
    ] {
      let ratio = String(format: "%.2f", median(times) / median(plain))
      print("| \(label) | \(rate(total, median(times))) | \(ratio) |")
    }
  }

  /// Seconds that `dd` takes.
  private static func secondsToCopy(_ source: String, _ byteCount: Int, to path: String) throws -> Double {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/dd")
    process.arguments = ["if=\(source)", "of=\(path)", "bs=1M", "conv=fsync", "status=none"]
    touchMemory(byteCount)
    let time = try seconds {
      try process.run()
      process.waitUntilExit()
    }
    precondition(process.terminationStatus == 0, "dd failed")
    return time
  }

  /// Has the memory at hand that the page cache will take: on a virtual machine the first touch of a page may cost more
  /// than writing it to the disk, and whoever came second would pay.
  private static func touchMemory(_ byteCount: Int) {
    guard let memory = unsafe mmap(nil, 2 * byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      unsafe memory != MAP_FAILED
    else { return }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 1, count: 2 * byteCount)
    unsafe munmap(memory, 2 * byteCount)
  }
}

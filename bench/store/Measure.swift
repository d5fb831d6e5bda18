import Foundation

/// Prints at once, so that a long run can be watched.
func print(_ line: String) {
  FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}

func print() { print("") }

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock().now
  try body()
  let elapsed = (ContinuousClock().now - start).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

/// The median time of `count` calls of `body`.
func medianSeconds(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
  var samples: [Double] = []
  for _ in 0..<count { samples.append(try seconds(body)) }
  return median(samples)
}

/// The median processor time of `count` calls of `body`, which other programs on the machine lengthen less.
func medianProcessorSeconds(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
  var samples: [Double] = []
  for _ in 0..<count {
    let start = clock()
    try body()
    samples.append(Double(clock() - start) / Double(CLOCKS_PER_SEC))
  }
  return median(samples)
}

func median(_ samples: [Double]) -> Double { samples.sorted()[samples.count / 2] }

func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1000) }

func rate(_ byteCount: Int, _ seconds: Double) -> String {
  String(format: "%.2f GB/s", Double(byteCount) / seconds * 1e-9)
}

func megabytes(_ byteCount: Int) -> String { String(format: "%.1f MB", Double(byteCount) * 1e-6) }

/// A folder of its own, removed in the end.
final class Scratch {
  let path: String

  init(in folder: String) throws {
    path = "\(folder)/store-bench-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { Scratch.remove() }
    unsafe Scratch.made = path
  }

  nonisolated(unsafe) private static var made: String?

  private static func remove() {
    if let path = unsafe made { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Writes a file of `byteCount` bytes, `bytes` again and again, and returns its path.
  func write(_ bytes: [UInt8], byteCount: Int, to name: String) throws -> String {
    let path = "\(path)/\(name)"
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    for _ in 0..<byteCount / bytes.count { try file.write(contentsOf: bytes) }
    try file.synchronize()
    return path
  }

  /// Runs `body` with the path of a store that is not there yet; it is removed after.
  func withStore<R>(_ body: (String) throws -> R) throws -> R {
    let path = "\(path)/store"
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}

import FileSystem
import Foundation
import KVCacheFormat
import Store

/// Eight processes that read all of one store: how much memory they have of it together.
enum Sharing {
  private static let sample = Sample(shape: KVShape(layers: 16, heads: 8, headDimension: 128), tokens: 256)
  private static let encodings = 16
  private static let processes = 8

  static func run(_ scratch: Scratch) throws {
    let total = encodings * sample.shape.layers * sample.layout.byteCount
    try scratch.withStore { path in
      do { try sample.fill(StateStore(at: FilePath(path)), 0..<encodings) }
      print("| processes | resident, sum | proportional (PSS), sum |\n| --- | --- | --- |")
      for count in [1, processes] {
        let readers = try (0..<count).map { _ in try Reader(path) }
        defer { for reader in readers { reader.process.terminate() } }
        let shares = try readers.map { try $0.memory(of: "\(path)/data.mdb") }
        print(
          "| \(count) | \(megabytes(shares.reduce(0) { $0 + $1.resident })) "
            + "| \(megabytes(shares.reduce(0) { $0 + $1.proportional })) of \(megabytes(total)) |")
      }
    }
  }

  /// What a reader does: it checks every blob, says so, and keeps them until it is ended.
  static func touch(at path: String) throws -> Never {
    let snapshot = try StateStore(at: FilePath(path), options: StoreOptions(readOnly: true)).snapshot()
    var blobs: [Blob] = []
    for number in 0..<encodings { blobs += try snapshot.blobs(of: sample.key(number), expecting: sample.segment) ?? [] }
    print("ready")
    while true {
      pause()
      withExtendedLifetime(blobs) {}
    }
  }

  private struct Reader {
    let process = Process()

    init(_ path: String) throws {
      let output = Pipe()
      process.executableURL = URL(filePath: CommandLine.arguments[0])
      process.arguments = ["touch", path]
      process.standardOutput = output
      try process.run()
      _ = output.fileHandleForReading.availableData
    }

    func memory(of path: String) throws -> (resident: Int, proportional: Int) {
      let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(process.processIdentifier)/smaps"))
      var (isOfFile, resident, proportional) = (false, 0, 0)
      for line in String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n") {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        if fields.first?.hasSuffix(":") == false { isOfFile = line.hasSuffix(path) }
        guard isOfFile, fields.count > 1, let kilobytes = Int(fields[1]) else { continue }
        if fields[0] == "Rss:" { resident += kilobytes << 10 }
        if fields[0] == "Pss:" { proportional += kilobytes << 10 }
      }
      return (resident, proportional)
    }
  }
}

import Foundation

/// What a process has in memory of a mapped file, as `/proc/PID/smaps` has it, in bytes.
struct MappedMemory {
  /// Pages in memory.
  private(set) var resident = 0
  /// The same, each divided by the number of processes that have it mapped.
  private(set) var proportional = 0

  init(of path: String, in process: Int32) throws {
    // The file says that it has no bytes, so it is read to its end.
    let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/\(process)/smaps"))
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    var isOfFile = false
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard let name = fields.first else { continue }
      if !name.hasSuffix(":") { isOfFile = line.hasSuffix(path) }
      guard isOfFile, fields.count > 1, let kilobytes = Int(fields[1]) else { continue }
      if name == "Rss:" { resident += kilobytes << 10 }
      if name == "Pss:" { proportional += kilobytes << 10 }
    }
  }
}

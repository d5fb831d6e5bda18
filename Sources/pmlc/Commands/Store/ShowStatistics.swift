import ArgumentParser
import CommandSupport
import PromptCache

struct ShowStatistics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stat", abstract: "Say what the store takes, and who reads it.")

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @OptionGroup var folder: StoreFolder

  func run() throws {
    let store = try folder.open(for: .reading)
    let statistics = try store.statistics()
    if json { return try Results.json(statistics) }
    var table = Table(["store", statistics.path])
    table.append(["format", "\(statistics.format)"])
    table.append(["file", formatted(bytes: statistics.fileByteCount)])
    table.append(["on disk", formatted(bytes: statistics.diskByteCount)])
    table.append([
      "prepared weights, indexes", "\(statistics.preparedFiles), \(formatted(bytes: statistics.preparedByteCount))",
    ])
    table.append(["map", "\(formatted(bytes: statistics.mapByteCount)) of addresses in each process"])
    let free = formatted(bytes: statistics.freePages * statistics.pageByteCount)
    table.append(["pages", "\(statistics.pages), of them free: \(statistics.freePages) (\(free))"])
    table.append(["last commit", "\(statistics.lastCommit)"])
    table.append(["readers", "\(statistics.readers.count) of \(statistics.readerSlots)"])
    for reader in statistics.readers {
      let process = reader.process.map { "process \($0)" } ?? "a process of another container"
      table.append(["", "\(process), commit \(reader.commit)"])
    }
    try Results.text(table.text + "\n")
    var namespaces = Table(["NAMESPACE", "VERSIONS", "PINNED", "BLOBS", "ON DISK"])
    for namespace in statistics.namespaces {
      namespaces.append([
        namespace.name, "\(namespace.versions)", "\(namespace.pins)", "\(namespace.blobs)",
        formatted(bytes: namespace.byteCount),
      ])
    }
    try Results.text(namespaces.text)
  }
}

import ArgumentParser
import CommandSupport
import PromptCache

struct CompactStore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact", abstract: "Give free space back to the disk.",
    discussion: "Nobody else may have the store open meanwhile, and the disk needs room for a second copy.")

  @Flag(help: "Leave out what is damaged, in place of failing.")
  var salvage = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var folder: StoreFolder

  func run() throws {
    let path = try folder.path()
    var line = ProgressLine()
    let report = try StateStore.compact(at: path, salvaging: salvage) { done, total in
      line.draw(Double(done) / Double(max(total, 1)), "\(formatted(bytes: done)) of \(formatted(bytes: total))")
    }
    line.clear()
    if json { return try Results.json(report) }
    for damage in report.dropped { try Results.line("left out \(damage.line)") }
    try Results.line(
      "\(formatted(bytes: report.byteCountBefore)) before, \(formatted(bytes: report.byteCountAfter)) now")
  }
}

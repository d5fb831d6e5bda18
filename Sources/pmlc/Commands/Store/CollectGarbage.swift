import ArgumentParser
import CommandSupport
import PromptCache

struct CollectGarbage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Free versions and encodings that are not needed.",
    discussion: """
      Without options, only encodings that no version needs are freed. Pinned versions, and those that a process uses, \
      always stay. Joint encodings stay as long as there is a version of their schema and enough room: they are the first to \
      go where there is a limit. Prepared weights go with the last version for their model.
      """)

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Newest versions of each model and schema to keep.", valueName: "n"))
  var keep: Int?

  @Option(
    name: .customLong("max-bytes"), parsing: .unconditional,
    help: ArgumentHelp("Free the least recently used encodings until the rest takes no more.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Say what would be freed, and free nothing.")
  var dryRun = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if let keep, keep < 0 { throw ValidationError("--keep takes 0 or more") }
    if let limit, limit < 0 { throw ValidationError("--max-bytes takes 0 or more") }
  }

  func run() throws {
    let store = try storeOptions.open(for: dryRun ? .reading : .changing)
    let report = try store.collectGarbage(GarbagePolicy(keep: keep, maximumBytes: limit), dryRun: dryRun)
    if json { return try Results.json(report) }
    for version in report.versions {
      try Results.line("\(dryRun ? "would free" : "freed") version \(version.number) of `\(version.schema)`")
    }
    for version in report.spared {
      try Results.line("kept version \(version.number) of `\(version.schema)`: pinned or in use")
    }
    if report.preparedFiles > 0 {
      try Results.line(
        "\(report.preparedFiles) prepared weights, \(formatted(bytes: report.preparedByteCount)) "
          + "\(dryRun ? "would be " : "")freed: no version is left for their models")
    }
    try Results.line(
      "\(report.encodings) encodings\(report.joint > 0 ? " (\(report.joint) joint)" : ""), "
        + "\(formatted(bytes: report.byteCount)) \(dryRun ? "would be " : "")freed; "
        + "\(formatted(bytes: report.byteCountLeft)) left")
  }
}

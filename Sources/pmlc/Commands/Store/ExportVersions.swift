import ArgumentParser
import CommandSupport
import PromptCache

struct ExportVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write versions, with all their states, for another store to take in.",
    discussion: """
      Without arguments all versions are written; of a schema, the newest one. A folder (--to) holds files named by their \
      contents, which any tool can mirror: what is there already is not written again.
      """)

  @Argument(help: ArgumentHelp("Schemas, or versions of them.", valueName: "schema[@version]"))
  var versions: [VersionReference] = []

  @Option(
    name: [.short, .customLong("output")], parsing: .unconditional,
    help: ArgumentHelp("The file to write, `-` for standard output.", valueName: "file"))
  var output: FilePath?

  @Option(
    name: .customLong("to"), parsing: .unconditional,
    help: ArgumentHelp("The folder to bring up to date.", valueName: "dir"), completion: .directory)
  var folder: FilePath?

  @Flag(help: "Replace the file if it is there.")
  var force = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var model: VersionModel
  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if (output == nil) == (folder == nil) { throw ValidationError("one of -o and --to is needed") }
    if force, output == nil { throw ValidationError("--force goes with -o") }
    if json, output?.isStandardStream == true { throw ValidationError("--json does not go with -o -") }
  }

  func run() throws {
    let (store, known) = try model.find(storeOptions, for: .reading)
    if versions.isEmpty, known.isEmpty { throw PromptCacheError.nothingToExport(model: model.model?.description) }
    let names = versions.isEmpty ? known.map(\.name) : try versions.found(among: known)
    var line = ProgressLine()
    let draw = { (done: Int, total: Int) in
      line.draw(Double(done) / Double(max(total, 1)), "\(done) of \(total) encodings")
    }
    let report =
      if let output {
        try store.export(names, toFile: output, replacing: force, progress: draw)
      } else {
        try store.export(names, toFolder: folder ?? "", progress: draw)
      }
    line.clear()
    if json { return try Results.json(report) }
    // Standard output has the export.
    let say = output?.isStandardStream == true ? Notes.line : Results.line
    for version in report.versions { try say("version \(version.number) of \(version.schema.quoted())") }
    try say(
      "encodings: \(report.encodings) written (\(formatted(bytes: report.byteCount)))"
        + (folder == nil ? "" : ", \(report.present) there already"))
  }
}

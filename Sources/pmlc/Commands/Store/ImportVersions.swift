import ArgumentParser
import CommandSupport
import PromptCache

struct ImportVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take in the versions of an export.",
    discussion: """
      Everything is checked before it is kept; if something is wrong, the store stays as it was. A version keeps its \
      number, unless another one has it: then it becomes the newest. What is there already is not stored again.
      """)

  @Argument(help: ArgumentHelp("A file that `export -o` wrote, `-` for standard input.", valueName: "file"))
  var file: FilePath?

  @Option(
    name: .customLong("from"), parsing: .unconditional,
    help: ArgumentHelp("A folder that `export --to` wrote.", valueName: "dir"), completion: .directory)
  var folder: FilePath?

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var storeOptions: NamespaceInStore
  @OptionGroup var storeLimit: StoreLimit

  func validate() throws {
    if (file == nil) == (folder == nil) { throw ValidationError("a file or --from is needed") }
  }

  func run() throws {
    // What is not an export leaves no store behind.
    let export = try file.map { try FoundExport(file: $0) } ?? FoundExport(folder: folder ?? "")
    let store = try storeOptions.open(for: .writing, limit: storeLimit)
    var line = ProgressLine()
    let report = try store.importVersions(from: export) { fraction, byteCount in
      line.draw(fraction, "\(formatted(bytes: byteCount)) of states read")
    }
    line.clear()
    if json { return try Results.json(report) }
    for version in report.versions { try Results.line("version \(version.number) of \(version.schema.quoted())") }
    try Results.line(
      "versions: \(report.versions.count) new, \(report.presentVersions) there already; "
        + "encodings: \(report.encodings) new (\(formatted(bytes: report.byteCount))), "
        + "\(report.presentEncodings) there already")
  }
}

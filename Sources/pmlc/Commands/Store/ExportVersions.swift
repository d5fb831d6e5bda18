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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The model: a folder or GGUF file. Without it, versions for any model.", valueName: "dir|file"),
    completion: .file())
  var model: FilePath?

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if (output == nil) == (folder == nil) { throw ValidationError("one of -o and --to is needed") }
    if force, output == nil { throw ValidationError("--force goes with -o") }
    if json, output?.isStandardStream == true { throw ValidationError("--json does not go with -o -") }
  }

  func run() throws {
    let session = try model.map {
      try storeOptions.session(LoadedModel(at: $0), access: .reading)
    }
    let store = try session?.store ?? storeOptions.open(for: .reading)
    let names = try chosen(from: try store.snapshot().versions().map(\.name), of: try session?.fingerprint)
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

  /// The versions asked for, among all that the store has.
  private func chosen(from versions: [VersionName], of model: SHA256Digest?) throws -> [VersionName] {
    let all = versions.filter { model == nil || $0.model == model }
    guard !self.versions.isEmpty else {
      if all.isEmpty { throw PromptCacheError.nothingToExport(model: self.model?.description) }
      return all
    }
    return try self.versions.flatMap { wanted in
      let ofSchema = all.filter { $0.schema == wanted.schema }
      let newest = Dictionary(ofSchema.map { ($0.model, $0.number) }, uniquingKeysWith: max)
      let found = ofSchema.filter { $0.number == wanted.number ?? newest[$0.model] }
      if found.isEmpty { throw PromptCacheError.noSuchVersion(schema: wanted.schema, number: wanted.number) }
      return found
    }
  }
}

/// A schema's name, perhaps with the number of a version: `handbook@3`.
struct VersionReference: ExpressibleByArgument {
  let schema: String
  let number: Int?

  init?(argument: String) {
    // A schema's name has no `@`.
    let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty else { return nil }
    schema = String(name)
    guard parts.count > 1 else {
      number = nil
      return
    }
    guard let number = Int(parts[1]), number > 0 else { return nil }
    self.number = number
  }
}

import ArgumentParser
import CommandSupport
import PromptCache

struct PushVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Put versions, with all their states, into a remote store.",
    discussion: """
      Without arguments all versions are put; of a schema, the newest one. What is there already is not sent again. A version \
      keeps its number, unless another one has it there: then it takes the next that is free.
      """)

  @Argument(help: ArgumentHelp("Schemas, or versions of them.", valueName: "schema[@version]"))
  var versions: [VersionReference] = []

  @Flag(help: "Say what would be sent, and send nothing.")
  var dryRun = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var model: VersionModel
  @OptionGroup var remoteOption: RemoteOption
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let remote = try remoteOption.required()
    let (store, known) = try model.find(storeOptions, for: .reading)
    if versions.isEmpty, known.isEmpty { throw PromptCacheError.nothingToExport(model: model.model?.description) }
    let names = versions.isEmpty ? known.map(\.name) : try versions.found(among: known)
    let display = TransferDisplay()
    let report = try remote.push(names, of: store, dryRun: dryRun, progress: display.show)
    display.clear()
    try report.show(json: json, verb: dryRun ? "would be put" : "put")
  }
}

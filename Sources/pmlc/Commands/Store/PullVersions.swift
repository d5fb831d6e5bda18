import ArgumentParser
import CommandSupport
import PromptCache

struct PullVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Bring versions, with all their states, from a remote store.",
    discussion: """
      Without arguments the newest version of each model and schema comes; of a schema that is named, all its versions, or \
      the one with the number. Commands that are given a remote store fetch what they need themselves: this is for machines \
      that will have no connection.
      """)

  @Argument(help: ArgumentHelp("Schemas, or versions of them.", valueName: "schema[@version]"))
  var versions: [VersionReference] = []

  @Flag(help: "Say what would come, and bring nothing.")
  var dryRun = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var remoteOption: RemoteOption
  @OptionGroup var storeOptions: NamespaceInStore
  @OptionGroup var storeLimit: StoreLimit

  func run() throws {
    let remote = try remoteOption.required()
    let store = try storeOptions.open(for: .writing, limit: storeLimit)
    let display = TransferDisplay()
    let wanted = versions
    let report = try remote.pull(
      wanted.isEmpty
        ? nil : { name in wanted.contains { $0.schema == name.schema && ($0.number ?? name.number) == name.number } },
      into: store, dryRun: dryRun, progress: display.show)
    display.clear()
    for reference in wanted where report.presentVersions == 0 && !report.versions.contains(reference) {
      throw PromptCacheError.noSuchVersion(schema: reference.schema, number: reference.number)
    }
    try report.show(json: json, verb: dryRun ? "would come" : "came")
  }
}

extension [VersionName] {
  fileprivate func contains(_ reference: VersionReference) -> Bool { contains { $0.schema == reference.schema } }
}

import ArgumentParser
import CommandSupport
import PromptCache

struct RemoveVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove versions, and free the encodings that no other version needs.",
    discussion: "A schema's name stands for all of its versions. Pinned versions, and those that a process uses, stay.")

  @Argument(help: ArgumentHelp("Schemas, or versions of them.", valueName: "schema[@version]"))
  var versions: [VersionReference]

  @Flag(help: "Say what would be freed, and free nothing.")
  var dryRun = false

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var model: VersionModel
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let (store, known) = try model.find(storeOptions, for: dryRun ? .reading : .changing)
    let removed = Set(try versions.found(among: known, all: true))
    let report = try store.collectGarbage(GarbagePolicy(removing: removed), dryRun: dryRun)
    if json { try Results.json(report) } else { try report.show(isPlan: dryRun) }
    // Not all was done that was asked for.
    if !report.spared.isEmpty { throw ExitCode.notDone }
  }
}

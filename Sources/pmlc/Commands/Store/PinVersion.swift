import ArgumentParser
import CommandSupport
import PromptCache

struct PinVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Keep versions, whatever garbage collection is asked to free.")

  @Argument(help: ArgumentHelp("Schemas, whose newest version is meant, or versions.", valueName: "schema[@version]"))
  var versions: [VersionReference]

  @OptionGroup var model: VersionModel
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let (store, known) = try model.find(storeOptions, for: .changing)
    for version in try versions.found(among: known) { try store.pin(version) }
  }
}

struct UnpinVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpin", abstract: "Let garbage collection free versions again.")

  @Argument(help: ArgumentHelp("Schemas, whose newest version is meant, or versions.", valueName: "schema[@version]"))
  var versions: [VersionReference]

  @OptionGroup var model: VersionModel
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let (store, known) = try model.find(storeOptions, for: .changing)
    for version in try versions.found(among: known) { try store.unpin(version) }
  }
}

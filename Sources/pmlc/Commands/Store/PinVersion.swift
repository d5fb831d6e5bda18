import ArgumentParser
import CommandSupport
import PromptCache

/// Which version of a schema.
struct VersionArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("The schema's name.", valueName: "schema"), transform: RawArguments.text)
  var schema: String

  @Argument(help: ArgumentHelp("The version's number; the newest without it.", valueName: "version"))
  var number: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The model: a folder or GGUF file. Without it, the small model that ships with pmlc.", valueName: "dir|file"),
    completion: .file())
  var model: FilePath?

  @OptionGroup var weightOptions: WeightOptions

  /// The store, to be changed, and the version's full name in it.
  func find(_ options: NamespaceInStore) throws -> (store: StateStore, name: VersionName) {
    let model = try LoadedModel(at: model, weights: weightOptions.weights)
    let session = try options.session(model, access: .changing)
    let (store, fingerprint) = try (session.store, session.fingerprint)
    guard let newest = try store.snapshot().newestVersion(model: fingerprint, schema: schema) else {
      throw PromptCacheError.notWarmed(schema: schema, model: model, element: nil)
    }
    return (store, VersionName(model: fingerprint, schema: schema, number: number ?? newest.number))
  }
}

struct PinVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Keep a version, whatever garbage collection is asked to free.")

  @OptionGroup var version: VersionArguments
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let (store, name) = try version.find(storeOptions)
    try store.pin(name)
  }
}

struct UnpinVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpin", abstract: "Let garbage collection free a version again.")

  @OptionGroup var version: VersionArguments
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let (store, name) = try version.find(storeOptions)
    try store.unpin(name)
  }
}

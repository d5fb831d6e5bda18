import ArgumentParser
import Engine
import PromptCache
import Store

/// Which version of a schema.
struct VersionArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("The schema's name.", valueName: "schema"))
  var schema: String

  @Argument(help: ArgumentHelp("The version's number; the newest without it.", valueName: "version"))
  var number: Int?

  @Option(
    help: ArgumentHelp(
      "The model: a folder. Without it, the small model that ships with pmlc.", valueName: "dir"))
  var model: String?

  @OptionGroup var weightOptions: WeightOptions

  /// The version's full name in `store`.
  func name(in store: StateStore) throws -> VersionName {
    let model = try LoadedModel(at: model, weights: weightOptions.weights)
    let fingerprint = try model.fingerprintShowingProgress(rememberedIn: store)
    let newest = try reportingStoreFailures { () throws(StoreError) in
      try store.snapshot().newestVersion(model: fingerprint, schema: schema)
    }
    guard let newest else {
      throw PromptCacheError.notWarmed(schema: schema, model: model, element: nil)
    }
    return VersionName(model: fingerprint, schema: schema, number: number ?? newest.number)
  }
}

struct PinVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Keep a version, whatever garbage collection is asked to free.")

  @OptionGroup var version: VersionArguments
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    try reportingFailures {
      let store = try storeOptions.open(for: .changing)
      let name = try version.name(in: store)
      try reportingStoreFailures { () throws(StoreError) in try store.pin(name) }
    }
  }
}

struct UnpinVersion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpin", abstract: "Let garbage collection free a version again.")

  @OptionGroup var version: VersionArguments
  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    try reportingFailures {
      let store = try storeOptions.open(for: .changing)
      let name = try version.name(in: store)
      try reportingStoreFailures { () throws(StoreError) in try store.unpin(name) }
    }
  }
}

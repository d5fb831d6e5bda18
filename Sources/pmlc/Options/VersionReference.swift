import ArgumentParser
import CommandSupport
import PromptCache

/// A schema's name, perhaps with the number of a version: `handbook@3`.
struct VersionReference: ExpressibleByArgument {
  let schema: String
  let number: Int?

  init?(argument: String) {
    guard let text = try? RawArguments.text(of: argument) else { return nil }
    // A schema's name has no `@`, and does not begin with a digit.
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, let first = name.first, !("0"..."9").contains(first) else { return nil }
    schema = String(name)
    guard parts.count > 1 else {
      number = nil
      return
    }
    guard let number = Int(parts[1]), number > 0 else { return nil }
    self.number = number
  }
}

/// For which model versions are looked for.
struct VersionModel: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The model: a folder or GGUF file. Without it, versions for any model, whatever $PMLC_MODEL says.",
      valueName: "dir|file"),
    completion: .file())
  var model: FilePath?

  @Option(
    help: ArgumentHelp(
      "The format of its weights, stored or q8. Without --model, those of $PMLC_MODEL, else of the model that ships.",
      valueName: "format"))
  var weights: WeightFormat?

  /// The store, and the names of the versions in it that may be meant, with what is known of each.
  func find(
    _ options: NamespaceInStore, for access: StoreAccess
  ) throws -> (store: StateStore, versions: [VersionRecord]) {
    guard model != nil || weights != nil else {
      let store = try options.open(for: access)
      return (store, try store.snapshot().versions())
    }
    let model = try LoadedModel(at: ModelLocation.path(option: model), weights: weights ?? .stored)
    let session = try options.session(model, access: access)
    let (store, fingerprint) = try (session.store, session.fingerprint)
    return (store, try store.snapshot().versions().filter { $0.model == fingerprint })
  }
}

extension [VersionReference] {
  /// The versions that these name among all that may be meant, each once, for each model.
  ///
  /// - Parameter all: whether a schema's name alone stands for all of its versions, in place of the newest.
  /// - Throws: `PromptCacheError.noSuchVersion`.
  func found(among versions: [VersionRecord], all: Bool = false) throws(PromptCacheError) -> [VersionName] {
    let names = versions.map(\.name)
    var found: [VersionName] = []
    for wanted in self {
      let ofSchema = names.filter { $0.schema == wanted.schema }
      let newest = Dictionary(ofSchema.map { ($0.model, $0.number) }, uniquingKeysWith: Swift.max)
      let chosen = ofSchema.filter { version in
        if let number = wanted.number {
          version.number == number
        } else {
          all || version.number == newest[version.model]
        }
      }
      if chosen.isEmpty { throw .noSuchVersion(schema: wanted.schema, number: wanted.number) }
      found += chosen.filter { !found.contains($0) }
    }
    return found
  }
}

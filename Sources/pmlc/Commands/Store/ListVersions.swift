import ArgumentParser
import CommandSupport
import PromptCache

struct ListVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the versions of each model and schema.",
    discussion: """
      ON DISK counts the whole pages that states take in the store's file, so it is more than the bytes of the \
      states alone, which `warm` and `inspect` tell.

      With `--joint`, the combinations of modules, arguments and new text that joint encodings are there for, each part with \
      its tokens. What arguments and new text say is not kept: the ID tells apart what else looks alike. With `--remote`, what \
      a remote store has in place of the local one, SIZE being that of its objects.
      """)

  @Flag(help: "List the joint encodings of prompts.")
  var joint = false

  @Flag(help: "Print a JSON array in place of a table.")
  var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("List what is in this remote store.", valueName: "url"), transform: RawArguments.text)
  var remote: String?

  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if joint, remote != nil { throw ValidationError("--joint does not go with --remote") }
  }

  func run() throws {
    if let remote {
      return try show(try RemoteOption(remote).required().list(namespace: storeOptions.namespace))
    }
    let store = try storeOptions.open(for: .reading)
    if joint { try show(store.jointCombinations()) } else { try show(store.list()) }
  }

  private func show(_ versions: [VersionSummary]) throws {
    if json { return try Results.json(versions) }
    var table = Table([
      "MODEL", "SCHEMA", "VERSION", "KV", "ENCODINGS", "MISSING", "ON DISK", "RECORDED", "LAST USE", "",
    ])
    for version in versions {
      let combinations = version.jointCombinations
      table.append([
        version.modelName ?? String(version.model.hexadecimal.prefix(12)), version.schema, "\(version.number)",
        version.element.rawValue,
        "\(version.encodings)", "\(version.missing)", formatted(bytes: version.byteCount),
        formatted(time: version.time), formatted(time: version.lastUse),
        (version.isPinned ? ["pinned"] : []).appending(version.isInUse ? "in use" : nil)
          .appending(combinations > 0 ? "\(combinations) joint" : nil).joined(separator: ", "),
      ])
    }
    try Results.text(table.text)
  }

  private func show(_ versions: [RemoteVersion]) throws {
    if json { return try Results.json(versions) }
    var table = Table(["MODEL", "SCHEMA", "VERSION", "KV", "ENCODINGS", "MISSING", "SIZE", "RECORDED"])
    for version in versions {
      table.append([
        String(version.name.model.hexadecimal.prefix(12)), version.name.schema, "\(version.name.number)",
        version.element.rawValue, "\(version.encodings)", "\(version.missing)", formatted(bytes: version.byteCount),
        formatted(time: version.time),
      ])
    }
    try Results.text(table.text)
  }

  private func show(_ combinations: [JointCombination]) throws {
    if json { return try Results.json(combinations) }
    try Results.text(combinations.table.text)
  }
}

extension [String] {
  /// With one more, if there is one.
  func appending(_ element: String?) -> [String] { element.map { self + [$0] } ?? self }
}

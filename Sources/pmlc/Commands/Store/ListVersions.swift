import ArgumentParser
import Foundation
import PromptCache

struct ListVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the versions of each model and schema.",
    discussion: "With `--joint`, the combinations of modules and arguments that joint encodings are there for.")

  @Flag(help: "List the joint encodings of prompts.")
  var joint = false

  @Flag(help: "Print a JSON array in place of a table.")
  var json = false

  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let store = try storeOptions.open(for: .reading)
    if joint { try show(store.jointCombinations()) } else { try show(store.list()) }
  }

  private func show(_ versions: [VersionSummary]) throws {
    if json { return try Results.json(versions) }
    var table = Table([
      "MODEL", "SCHEMA", "VERSION", "KV", "ENCODINGS", "MISSING", "SIZE", "RECORDED", "LAST USE", "",
    ])
    for version in versions {
      let combinations = version.jointCombinations
      table.append([
        String(version.model.hexadecimal.prefix(12)), version.schema, "\(version.number)", version.element.rawValue,
        "\(version.encodings)", "\(version.missing)", formatted(bytes: version.byteCount),
        Self.date(version.time), Self.date(version.lastUse),
        (version.isPinned ? ["pinned"] : []).appending(version.isInUse ? "in use" : nil)
          .appending(combinations > 0 ? "\(combinations) joint" : nil).joined(separator: ", "),
      ])
    }
    try Results.text(table.text)
  }

  private func show(_ combinations: [JointCombination]) throws {
    if json { return try Results.json(combinations) }
    var table = Table(["MODEL", "SCHEMA", "KV", "TOKENS", "SIZE", "OF ITS OWN", "LAST USE", "", "COMBINATION"])
    for combination in combinations {
      table.append([
        String(combination.model.hexadecimal.prefix(12)), combination.schema, combination.element.rawValue,
        "\(combination.tokens)", formatted(bytes: combination.byteCount), formatted(bytes: combination.ownByteCount),
        Self.date(combination.lastUse),
        [].appending(combination.isInUse ? "in use" : nil).appending(combination.isWhole ? nil : "in part")
          .joined(separator: ", "),
        combination.summary,
      ])
    }
    try Results.text(table.text)
  }
}

extension JointCombination {
  /// What it is made of, what stands side by side of one thing once.
  fileprivate var summary: String {
    var names: [String] = []
    for part in parts where part != names.last { names.append(part) }
    return names.joined(separator: ", ")
  }
}

extension ListVersions {
  fileprivate static func date(_ seconds: Int) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
  }
}

extension [String] {
  fileprivate func appending(_ element: String?) -> [String] { element.map { self + [$0] } ?? self }
}

import ArgumentParser
import Foundation
import PromptCache

struct ListVersions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the versions of each model and schema.")

  @Flag(help: "Print a JSON array in place of a table.")
  var json = false

  @OptionGroup var storeOptions: NamespaceInStore

  func run() throws {
    let store = try storeOptions.open(for: .reading)
    let versions = try store.list()
    if json { return try Results.json(versions) }
    var table = Table([
      "MODEL", "SCHEMA", "VERSION", "KV", "ENCODINGS", "MISSING", "SIZE", "RECORDED", "LAST USE", "",
    ])
    for version in versions {
      table.append([
        String(version.model.hexadecimal.prefix(12)), version.schema, "\(version.number)", version.element.rawValue,
        "\(version.encodings)", "\(version.missing)", formatted(bytes: version.byteCount),
        Self.date(version.time), Self.date(version.lastUse),
        (version.isPinned ? ["pinned"] : []).appending(version.isInUse ? "in use" : nil).joined(separator: ", "),
      ])
    }
    try Results.text(table.text)
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

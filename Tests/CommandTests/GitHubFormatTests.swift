import Foundation
import TestSupport
import Testing

/// What `check --format github` writes, read as GitHub reads workflow commands.
@Suite struct GitHubFormatTests {
  private struct Command: Equatable {
    let level: String
    let properties: [String: String]
    let message: String

    /// `::level key=value,…::message`, where values have `%`, line breaks, `:` and `,` escaped, and messages the first two.
    init?(_ line: Substring) {
      guard let match = line.wholeMatch(of: /::(error|warning) ([^:]*)::(.*)/) else { return nil }
      level = String(match.output.1)
      var properties: [String: String] = [:]
      for property in match.output.2.split(separator: ",") {
        let parts = property.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        properties[String(parts[0])] = Self.unescaped(parts[1])
      }
      self.properties = properties
      message = Self.unescaped(match.output.3)
    }

    private static func unescaped(_ text: Substring) -> String {
      [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]
        .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
  }

  @Test func commandsPointAtTheCharacters() async throws {
    let folder = try TemporaryFolder()
    let lines = [
      "<schema name=\"s\">",
      "  <module name=\"a\">東京 🍕 <colour/></module>",
      "\t<module name=\"100%, a:b\">x</module>",
      "  <union><module name=\"u\">x</module> not ",
      "  here</union>",
      "  <parameter/>",
      "</schema>",
    ]
    let name = "a,b:c 100%.pml"
    try folder.write(lines.joined(separator: "\n"), to: name)
    let run = try await PMLC.run(["check", "--format", "github", name], in: folder)
    #expect(run.status == 1 && run.standardError == "")
    let commands = try run.standardOutput.split(separator: "\n").map { try #require(Command($0), "\($0)") }

    // The characters that the columns name; over several lines GitHub takes no columns.
    let found = commands.map { command -> String in
      let numbers = command.properties.compactMapValues { Int($0) }
      let head = "\(command.level) \(command.properties["title"] ?? "")"
      guard let line = numbers["line"], let start = numbers["col"], let end = numbers["endColumn"] else {
        return "\(head) \(numbers["line"] ?? 0)…\(numbers["endLine"] ?? 0)"
      }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: Array(lines[line - 1].unicodeScalars)[start - 1..<end - 1])
      return "\(head) \(String(text))"
    }
    #expect(
      found == [
        "error PML101 colour", "error PML106 100%, a:b", "warning PML250 union", "error PML103 4…5",
        "error PML102 parameter", "error PML105 parameter", "error PML105 parameter",
      ])
    #expect(commands.allSatisfy { $0.properties["file"] == name })
    #expect(commands[1].message.hasPrefix("`100%, a:b` is no value of `name`\nhelp: it takes a name: a letter"))
  }
}

import CommandSupport
import PromptCache

extension [JointCombination] {
  /// One row each.
  var table: Table {
    var table = Table(["MODEL", "SCHEMA", "KV", "TOKENS", "SIZE", "OF ITS OWN", "LAST USE", "", "COMBINATION"])
    for combination in self {
      table.append([
        combination.modelName ?? String(combination.model.hexadecimal.prefix(12)),
        combination.schema == JointRecord.conversation ? "(conversation)" : combination.schema,
        combination.element.rawValue,
        "\(combination.tokens)", formatted(bytes: combination.byteCount), formatted(bytes: combination.ownByteCount),
        formatted(time: combination.lastUse),
        [String]().appending(combination.isInUse ? "in use" : nil).appending(combination.isWhole ? nil : "in part")
          .joined(separator: ", "),
        combination.summary,
      ])
    }
    return table
  }
}

extension JointCombination {
  /// What it is made of, what stands side by side of one thing once.
  fileprivate var summary: String {
    var names: [String] = []
    for part in parts where part != names.last { names.append(part) }
    return names.joined(separator: ", ")
  }

  /// The same as a layout's report has it.
  var inReport: LayoutReport.Combination {
    LayoutReport.Combination(
      format: element.rawValue, parts: parts, tokens: tokens, bytes: byteCount, lastUse: lastUse)
  }
}

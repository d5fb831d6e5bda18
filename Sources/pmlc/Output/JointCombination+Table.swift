import CommandSupport
import PromptCache

extension [JointCombination] {
  /// One row each.
  var table: Table {
    var table = Table([
      "ID", "MODEL", "SCHEMA", "KV", "TOKENS", "ON DISK", "OF ITS OWN", "LAST USE", "", "COMBINATION (TOKENS)",
    ])
    for combination in self {
      table.append([
        String(combination.encoding.hexadecimal.prefix(12)),
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
  /// What it is made of, and of how many tokens: what stands side by side of one thing once.
  fileprivate var summary: String {
    var things: [(name: String, tokens: Int)] = []
    for (part, tokens) in zip(parts, partTokens) {
      if let last = things.last, last.name == part {
        things[things.count - 1].tokens += tokens
      } else {
        things.append((part, tokens))
      }
    }
    return things.map { "\($0.name) (\($0.tokens))" }.joined(separator: ", ")
  }

  /// The same as a layout's report has it.
  var inReport: LayoutReport.Combination {
    LayoutReport.Combination(
      format: element.rawValue, parts: parts, tokens: tokens, bytes: byteCount, lastUse: lastUse)
  }
}

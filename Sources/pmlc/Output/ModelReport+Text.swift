import CommandSupport
import PromptCache

extension ModelReport {
  /// Tables for a terminal.
  var text: String { "\(facts.text)\n\(numbers.text)\n\(stateSizes.text)" }

  private var facts: Table {
    var table = Table(["model", location])
    if let name { table.append(["name", name]) }
    table.append(["family", architecture + (ggufArchitecture.map { ", in GGUF `\($0)`" } ?? "")])
    table.append(["parameters", "\(parameters)"])
    table.append(["layers", "\(layers), with \(hiddenSize) numbers a token, \(feedForwardSize) in feed-forward"])
    let shared = keyValueHeads == queryHeads ? "" : ", \(keyValueHeads) for keys and values"
    table.append(["heads", "\(queryHeads)\(shared), of \(headDimension) numbers"])
    table.append(["vocabulary", "\(vocabularySize) tokens"])
    table.append(["begins with", beginToken.map(named) ?? "–"])
    table.append(["ends with", endTokens.isEmpty ? "–" : endTokens.map(named).joined(separator: ", ")])
    let seen = windows.map { "\($0.layers) layers see \($0.positions) of them" }
    table.append(["context", (["\(contextLength) positions"] + seen).joined(separator: "; ")])
    appendTemplate(to: &table)
    return table
  }

  private func named(_ token: Int32) -> String { "\(spelling(of: token).quoted()) (\(token))" }

  private func appendTemplate(to table: inout Table) {
    let (parts, differences) = (template.template, template.differenceMessages)
    let origin =
      switch template.origin {
      case .given: "given"
      case .rendering: "found by rendering the model's own"
      case .marks(let name): "`\(name)`, by the marks in the model's own"
      case .none: differences.isEmpty ? "none: roles add no text" : "the model's own cannot be used: roles add no text"
      }
    table.append(["template", origin])
    if parts != .plain {
      func append(_ name: String, _ parts: ChatTemplate.Parts) {
        table.append(["  \(name)", "\(parts.prefix.quoted()) … \(parts.suffix.quoted())"])
      }
      append("system", parts.system)
      if let first = parts.userAfterSystem { append("user after it", first) }
      append("user", parts.user)
      append("assistant", parts.assistant)
      table.append(["  answer", parts.header.quoted()])
    }
    for difference in differences { table.append(["  but its own", difference]) }
  }

  private var numbers: Table {
    var table = Table(["NUMBERS", "TENSORS", "WEIGHTS", "SIZE"])
    for format in tensors {
      table.append([format.name, "\(format.tensors)", "\(format.numbers)", formatted(bytes: format.byteCount)])
    }
    return table
  }

  private var stateSizes: Table {
    // Layers with a window have the last tokens of a segment alone, so each further one takes less.
    var table = Table(["STATES", "A TOKEN"] + windows.map { "PAST \($0.positions)" })
    for format in states {
      let sizes = [format.bytesPerToken] + format.pastWindows.map(\.bytesPerToken)
      table.append([format.format] + sizes.map(formatted(bytes:)))
    }
    return table
  }
}

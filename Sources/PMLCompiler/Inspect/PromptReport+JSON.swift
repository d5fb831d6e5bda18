import JSONText

extension PromptReport {
  /// `{"prompt","schema","model","positions","length","context_length","tokens","cached_tokens","parts","empty"}`; a part is
  /// `{"path","kind","start","tokens","cached","computed","turn","turn_number","text"}`, and `parameter` where it fills one.
  public var json: [UInt8] { value.canonicalBytes }

  /// A page that needs nothing else: the prompt along the position axis, its turns, and a table.
  public var html: [UInt8] { ReportPage.html(PackageResources.PromptPage_html, data: value) }

  private var value: JSONValue {
    .object([
      "prompt": .string(name), "schema": .string(schemaLayout.schema), "model": .string(model.name),
      "positions": .string(schemaLayout.kind.rawValue), "length": .integer(layout.nextPosition),
      "context_length": .integer(model.contextLength), "tokens": .integer(layout.present.count),
      "cached_tokens": .integer(layout.cachedTokenCount), "parts": .array(parts.map(json(of:))),
      "empty": .array(gaps.map { .object(["start": .integer($0.lowerBound), "length": .integer($0.count)]) }),
    ])
  }

  private func json(of part: Part) -> JSONValue {
    var json: [String: JSONValue] = [
      "path": part.path.map { .string($0.description) } ?? .null, "kind": .string(part.kind.rawValue),
      "start": .integer(part.start), "tokens": .integer(part.tokens.count), "cached": .integer(part.cachedCount),
      "computed": .integer(part.tokens.count - part.cachedCount),
      "turn": part.turn.map { .string($0.rawValue) } ?? .null,
      "turn_number": part.turnNumber.map { .integer($0) } ?? .null, "text": .string(decode(part.tokens)),
    ]
    json["parameter"] = part.parameter.map { .string($0) }
    return .object(json)
  }
}

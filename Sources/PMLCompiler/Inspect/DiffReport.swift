import JSONText

/// What `pmlc diff` shows of an edit.
public struct DiffReport: Sendable {
  /// The comparison.
  public let diff: SchemaDiff
  /// The comparison of the libraries' documents.
  public let documents: LibraryDiff
  /// Formats to give sizes for.
  public let formats: [StateFormat]

  /// A report.
  ///
  /// - Parameters:
  ///   - diff: the comparison of the schemas, their libraries' documents aside.
  ///   - documents: the comparison of these.
  ///   - formats: formats to give sizes for.
  public init(of diff: SchemaDiff, documents: LibraryDiff = LibraryDiff(from: [], to: []), formats: [StateFormat]) {
    self.diff = diff
    self.documents = documents
    self.formats = formats
  }

  /// Whether anything has to be computed.
  public var costsSomething: Bool { !diff.computed.isEmpty || !documents.computed.isEmpty }

  private struct Row {
    let path: String
    let scaffold: [String]
    let start: Int
    let tokens: Int
    let status: String
    let reason: SchemaDiff.Reason?
  }

  private func rows() -> [Row] {
    let computed = diff.computed.map { row($0.encoding, of: diff.new, status: "computed", reason: $0.reason) }
    let kept = diff.kept.map { row($0, of: diff.new, status: "kept", reason: nil) }
    let dropped = diff.dropped.map { row($0, of: diff.old, status: "dropped", reason: nil) }
    return computed + kept + dropped
  }

  private func row(_ index: Int, of plan: EncodingPlan, status: String, reason: SchemaDiff.Reason?) -> Row {
    let encoding = plan.encodings[index]
    let layout = plan.layout
    return Row(
      path: layout.modules[layout.module(of: encoding.item)].path.description,
      scaffold: encoding.scaffold.map { layout.scaffolds[$0].map { layout.modules[$0].path.description } } ?? [],
      start: layout.positions(of: encoding.item).lowerBound, tokens: plan.tokenCount(of: encoding), status: status,
      reason: reason)
  }

  private func totals() -> [(name: String, totals: EncodingTotals)] {
    [
      ("kept", totals(diff.kept, of: diff.new, documents.kept)),
      ("computed", totals(diff.computed.map(\.encoding), of: diff.new, documents.computed)),
      ("dropped", totals(diff.dropped, of: diff.old, documents.dropped)),
    ]
  }

  private func totals(_ indices: [Int], of plan: EncodingPlan, _ documents: [Int]) -> EncodingTotals {
    EncodingTotals(indices.map { plan.tokenCount(of: plan.encodings[$0]) } + documents, formats: formats)
  }

  /// `{"kept","computed","dropped"}`, totals of encodings, tokens and bytes, and `"encodings"`, each with its status, and
  /// the reason where it has to be computed; of libraries in `"documents"` those to be computed alone.
  public var json: [UInt8] {
    var json = Dictionary(totals().map { ($0.name, $0.totals.json(formats: formats)) }) { first, _ in first }
    json["encodings"] = .array(
      rows().map { row in
        var json: [String: JSONValue] = [
          "path": .string(row.path), "start": .integer(row.start), "tokens": .integer(row.tokens),
          "status": .string(row.status),
        ]
        if !row.scaffold.isEmpty { json["scaffold"] = .array(row.scaffold.map(JSONValue.string)) }
        json["reason"] = row.reason?.json
        return .object(json)
      })
    if !documents.changes.isEmpty {
      json["documents"] = .array(
        documents.changes.map { change in
          .object([
            "path": .string(change.path.description), "tokens": .integer(change.tokens), "reason": change.reason.json,
          ])
        })
    }
    return JSONValue.object(json).canonicalBytes
  }

  /// What has to be computed, a row each, and the totals.
  public var text: String {
    var lines: [String] = []
    if costsSomething {
      var table = TextTable([("module", .left), ("start", .right), ("tokens", .right), ("why", .left)])
      for row in rows() {
        guard let reason = row.reason else { continue }
        var name = row.path.isEmpty ? "(schema)" : row.path
        if !row.scaffold.isEmpty { name += " with \(row.scaffold.filter { $0 != row.path }.joined(separator: ", "))" }
        table.append([name, "\(row.start)", "\(row.tokens)", reason.text])
      }
      for change in documents.changes {
        table.append([change.path.description, "–", "\(change.tokens)", change.reason.text])
      }
      lines += table.lines + [""]
    }
    var table = TextTable(
      [("", .left), ("encodings", .right), ("tokens", .right)] + formats.map { ($0.name, .right) })
    for (name, totals) in totals() {
      table.append([name, "\(totals.encodings)", "\(totals.tokens)"] + totals.bytes.map(readable(bytes:)))
    }
    return (lines + table.lines).map { $0 + "\n" }.joined()
  }
}

extension SchemaDiff.Reason {
  fileprivate var text: String {
    switch self {
    case .new: return "new"
    case .textChanged: return "text changed"
    case .moved(let distance): return "moved by \(distance)"
    case .contextChanged(let modules):
      let names = modules.map { $0 == .root ? "the schema's text" : "`\($0)`" }
      return names.isEmpty ? "sees other text" : "sees \(names.joined(separator: ", ")), which changed"
    }
  }

  fileprivate var json: JSONValue {
    switch self {
    case .new: .object(["kind": "new"])
    case .textChanged: .object(["kind": "text"])
    case .moved(let distance): .object(["kind": "moved", "by": .integer(distance)])
    case .contextChanged(let modules):
      .object(["kind": "context", "modules": .array(modules.map { .string($0.description) })])
    }
  }
}

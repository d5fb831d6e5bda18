internal import Failure

extension LayoutReport {
  /// A table for a terminal: one row a module or parameter, nested ones indented, members of a union behind a bar.
  public var text: String {
    let stored = EncodingTotals(plan.distinctStored, of: plan, formats: formats)
    var head = "\(layout.schema.printable()): \(schema.positions), \(counted(layout.length, "position"))"
    head += ", \(counted(stored.encodings, "encoding")) of \(counted(stored.tokens, "token"))"
    for (format, bytes) in zip(formats, stored.bytes) { head += ", \(readable(bytes: bytes)) in \(format.name)" }
    let scaffolds = layout.scaffolds.map { modules in
      "together: \(modules.map(path(of:)).joined(separator: ", ").printable())"
    }
    return ([head, "hash \(schema.contentHash)", ""] + table.lines + libraryLines + scaffolds).map { $0 + "\n" }
      .joined()
  }

  private var table: TextTable {
    var table = TextTable(
      [("positions", .left), ("module", .left), ("attention", .left), ("tokens", .right), ("sees", .right)]
        + formats.map { ($0.name, .right) })
    let encodings = encodingsByModule()
    appendRows(for: 0, depth: 0, encodings: encodings, to: &table)
    return table
  }

  private func appendRows(for index: Int, depth: Int, encodings: [[Int]], to table: inout TextTable) {
    let module = layout.modules[index]
    let totals = EncodingTotals(encodings[index], of: plan, formats: formats)
    let name = index == 0 ? "(schema)" : module.path.name ?? ""
    let indent = String(repeating: "  ", count: depth) + (module.union == nil ? "" : "| ")
    table.append(
      [
        positions(module.start, module.length), indent + name,
        module.isCached ? module.attention.rawValue : "not cached", "\(ownTokenCount(of: index))",
        seenTokenCount(by: index).map(String.init) ?? "–",
      ] + totals.bytes.map { module.isCached ? readable(bytes: $0) : "–" })
    for content in module.content {
      switch content {
      case .item(.parameter(let parameter)):
        let parameter = layout.parameters[parameter]
        table.append(
          [
            positions(parameter.start, parameter.length),
            String(repeating: "  ", count: depth + 1) + "{\(parameter.name)}", "",
            parameter.defaultTokens.map { "\($0.count)" } ?? "", "",
          ] + formats.map { _ in "" })
      case .module(let child):
        appendRows(for: child, depth: depth + 1, encodings: encodings, to: &table)
      case .item(.segment), .item(.restToken), .unionScaffold:
        continue
      }
    }
  }

  private func positions(_ start: Int, _ length: Int) -> String {
    length == 0 ? "–" : length == 1 ? "\(start)" : "\(start)–\(start + length - 1)"
  }
}

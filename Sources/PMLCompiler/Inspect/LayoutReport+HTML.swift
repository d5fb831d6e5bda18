import ContentHash
import JSONText

extension LayoutReport {
  /// One page that needs nothing else: the layout along the position axis, what each text sees, a table of sizes.
  public var html: [UInt8] { ReportPage.html(PackageResources.LayoutPage_html, data: pageData) }

  /// What the page's script reads. Indices stand for references, -1 for none.
  private var pageData: JSONValue {
    let stored = EncodingTotals(plan.distinctStored, of: plan, formats: formats)
    let encodings = encodingsByModule()
    return .object([
      "name": .string(layout.schema),
      "hash": .string(schema.contentHash.hexadecimal),
      "length": .integer(layout.length),
      "model": .string(model?.name ?? ""),
      "context": .integer(model?.contextLength ?? 0),
      "compact": .bool(layout.kind == .compact),
      "formats": .array(formats.map { .string($0.name) }),
      "totals": pageData(of: stored),
      "modules": .array(layout.modules.indices.map { pageData(ofModule: $0, encodings: encodings[$0]) }),
      "items": .array(items.map(pageData(of:))),
      "encodings": .array(plan.encodings.map(pageData(of:))),
      "contexts": .array(plan.contexts.links.map { [.integer($0.before.link), .integer($0.entry.encoding)] }),
      "scaffolds": .array(layout.scaffolds.map { .array($0.map { .string(path(of: $0)) }) }),
    ])
  }

  /// Segments, then parameters, then the rest token.
  private var items: [SchemaLayout.Item] {
    layout.segments.indices.map(SchemaLayout.Item.segment) + layout.parameters.indices.map(SchemaLayout.Item.parameter)
      + (layout.restToken == nil ? [] : [.restToken])
  }

  private func index(of item: SchemaLayout.Item) -> Int {
    switch item {
    case .segment(let index): index
    case .parameter(let index): layout.segments.count + index
    case .restToken: layout.segments.count + layout.parameters.count
    }
  }

  private func pageData(of totals: EncodingTotals) -> JSONValue {
    .object([
      "encodings": .integer(totals.encodings), "tokens": .integer(totals.tokens), "bytes": .integers(totals.bytes),
    ])
  }

  private func pageData(ofModule index: Int, encodings: [Int]) -> JSONValue {
    let module = layout.modules[index]
    let totals = EncodingTotals(encodings, of: plan, formats: formats)
    return .object([
      "path": .string(module.path.description), "parent": .integer(module.parent ?? -1),
      "union": .integer(module.union ?? -1), "start": .integer(module.start), "length": .integer(module.length),
      "cached": .bool(module.isCached), "isolated": .bool(module.attention == .isolated),
      "tokens": .integer(ownTokenCount(of: index)), "encodings": .integer(totals.encodings),
      "sees": .integer(seenTokenCount(by: index) ?? -1), "bytes": .integers(totals.bytes),
    ])
  }

  private func pageData(of item: SchemaLayout.Item) -> JSONValue {
    let module = layout.modules[layout.module(of: item)]
    let positions = layout.positions(of: item)
    var data: [String: JSONValue] = [
      "module": .integer(layout.module(of: item)), "start": .integer(positions.lowerBound),
      "length": .integer(positions.count), "tokens": .integer(layout.encodedTokenCount(of: item)),
    ]
    switch item {
    case .parameter(let index):
      data["kind"] = "parameter"
      data["name"] = .string(layout.parameters[index].name)
    case .segment(let index):
      data["kind"] = module.isCached ? module.attention == .isolated ? "isolated" : "text" : "uncached"
      data["text"] = .string(beginning(of: layout.segments[index]))
    case .restToken:
      data["kind"] = "rest"
    }
    return .object(data)
  }

  private func pageData(of encoding: EncodingPlan.Encoding) -> JSONValue {
    let count = plan.tokenCount(of: encoding)
    return .object([
      "item": .integer(index(of: encoding.item)), "scaffold": .integer(encoding.scaffold ?? -1),
      "at": .integer(encoding.start), "context": .integer(encoding.context.link),
      "digest": .string(String(encoding.digest.hexadecimal.prefix(12))),
      "bytes": .integers(formats.map { $0.byteCount(count) }),
    ])
  }
}

import ContentHash
import JSONText

extension LayoutReport {
  /// `{"schema","hash","length","modules","parameters","segments"}` in layout order; beside them `"positions"`, `"encodings"`,
  /// `"contexts"` and `"stored"`, totals over what is kept; and `"joint"`, where somebody looked for joint encodings.
  ///
  /// An encoding's `context` is an index into `contexts`, each of which is the one `before` it (if there is one) and one
  /// more `encoding`, seen at `place`; none where nothing is seen. So the size stays linear in the schema's.
  public var json: [UInt8] {
    let modules = layout.modules.dropFirst().map { module in
      JSONValue.object([
        "path": .string(module.path.description), "start": .integer(module.start), "length": .integer(module.length),
        "cached": .bool(module.isCached),
      ])
    }
    let parameters = layout.parameters.map { parameter in
      JSONValue.object([
        "path": .string(path(of: parameter.module)), "name": .string(parameter.name),
        "start": .integer(parameter.start), "length": .integer(parameter.length),
      ])
    }
    let segments = layout.segments.map { segment in
      JSONValue.object([
        "path": .string(path(of: segment.module)), "start": .integer(segment.start),
        "tokens": .integers(segment.tokens),
      ])
    }
    var json: [String: JSONValue] = [
      "schema": .string(layout.schema),
      "hash": .string(schema.contentHash.hexadecimal),
      "positions": .string(schema.positions.rawValue),
      "length": .integer(layout.length),
      "modules": .array(modules),
      "parameters": .array(parameters),
      "segments": .array(segments),
      "encodings": .array(plan.encodings.map(json(of:))),
      "contexts": .array(plan.contexts.links.map(\.json)),
      "stored": EncodingTotals(plan.distinctStored, of: plan, formats: formats).json(formats: formats),
    ]
    if !layout.libraries.isEmpty { json["libraries"] = libraryJSON }
    json["joint"] = joint.map { .array($0.map(\.json)) }
    return JSONValue.object(json).canonicalBytes
  }

  private func json(of encoding: EncodingPlan.Encoding) -> JSONValue {
    var json: [String: JSONValue] = [
      "path": .string(path(of: layout.module(of: encoding.item))),
      "start": .integer(layout.positions(of: encoding.item).lowerBound),
      "encoded_at": .integer(encoding.start),
      "tokens": .integer(plan.tokenCount(of: encoding)),
      "stored": .bool(encoding.isStored),
      "digest": .string(encoding.digest.hexadecimal),
      "isolated": .bool(encoding.isIsolated),
    ]
    if encoding.context != .empty { json["context"] = .integer(encoding.context.link) }
    json["scaffold"] = encoding.scaffold.map { .array(layout.scaffolds[$0].map { .string(path(of: $0)) }) }
    return .object(json)
  }
}

extension ContextTree.Link {
  fileprivate var json: JSONValue {
    var json: [String: JSONValue] = ["encoding": .integer(entry.encoding), "place": .integer(entry.place)]
    if before != .empty { json["before"] = .integer(before.link) }
    return .object(json)
  }
}

extension LayoutReport.Combination {
  fileprivate var json: JSONValue {
    .object([
      "format": .string(format), "parts": .array(parts.map { .string($0) }), "tokens": .integer(tokens),
      "bytes": .integer(bytes), "last_use": .integer(lastUse),
    ])
  }
}

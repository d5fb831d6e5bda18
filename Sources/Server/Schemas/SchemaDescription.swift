internal import JSONText
internal import PromptCache

/// One schema: its versions, its layout as `inspect --json` gives it, and its content as a tree that a page can draw.
struct SchemaDescription {
  let json: JSONValue

  init(of name: String, for tenant: Tenant) throws {
    let versions = try tenant.versions().filter { $0.schema == name }
    guard !versions.isEmpty else { throw APIError.noSchema(name) }
    let warmed: WarmedSchema
    do throws(PromptCacheError) { warmed = try tenant.schema(named: name) } catch { throw APIError(error) }
    let schema = warmed.schema
    let report = LayoutReport(of: schema.schema, plan: schema.plan, formats: tenant.model.model.stateFormats)
    var members = try SchemaListing.entry(name, versions, tenant)
    members["layout"] = try JSONValue(parsing: report.json)
    members["source"] = schema.schema.tree
    json = .object(members)
  }
}

extension Schema {
  /// `{"name","positions","attention","content","scaffolds"}`; content is text, parameters, modules and unions in document
  /// order.
  fileprivate var tree: JSONValue {
    [
      "name": .string(name), "positions": .string(positions.rawValue), "attention": .string(attention.rawValue),
      "content": .array(nodes.map { $0.tree(in: "") }),
      "scaffolds": .array(scaffolds.map { .array($0.modules.map { .string($0.description) }) }),
    ]
  }
}

extension Schema.Node {
  fileprivate func tree(in path: String) -> JSONValue {
    switch self {
    case .text(let run):
      return [
        "type": "text", "text": .string(run.text), "from_template": .bool(run.origin == .template),
      ]
    case .parameter(let parameter):
      return [
        "type": "parameter", "name": .string(parameter.name), "length": .integer(parameter.length),
        "default": parameter.defaultText.map { .string($0) } ?? .null,
        "scaffold": parameter.placeholder.map { .string($0) } ?? .null,
      ]
    case .module(let module): return module.tree(in: path)
    case .union(let union):
      return [
        "type": "union", "members": .array(union.members.map { $0.tree(in: path) }),
        "scaffold": union.representative.map { .string($0) } ?? .null,
      ]
    case .library(let library):
      return [
        "type": "library", "name": .string(library.name), "path": .string(library.name),
        "window": .integer(library.window), "count": .integer(library.count),
      ]
    }
  }
}

extension Schema.Module {
  fileprivate func tree(in path: String) -> JSONValue {
    let path = path.isEmpty ? name : "\(path)/\(name)"
    return [
      "type": "module", "name": .string(name), "path": .string(path), "attention": .string(attention.rawValue),
      "cache": .bool(cache), "content": .array(nodes.map { $0.tree(in: path) }),
    ]
  }
}

public import ContentHash
import JSONText

// The canonical JSON of a schema, by example:
//
//   {"attention":"context","name":"travel","nodes":[
//     {"text":"You plan trips."},
//     {"template":"<|im_start|>user\n"},
//     {"module":{"attention":"context","cache":true,"name":"plan","nodes":[
//       {"parameter":{"default":"3 days","leading_space":true,"length":8,"name":"duration","scaffold":"a week"}}]}},
//     {"union":{"members":[{"attention":"isolated","cache":true,"name":"miami","nodes":[]}],"scaffold":"miami"}}],
//    "scaffolds":[["plan","miami"]],"version":1}
//
// written by RFC 8785: keys in order, no white space. What is optional is left out. This one's positions are fixed; version
// 2 has `"positions":"compact"` besides, and is otherwise the same. Version 3 has `"positions"` in any case, and libraries
// among the schema's own nodes, whose modules stand there by their identity and number alone:
//
//   {"library":{"content":"9f86…","count":20000,"name":"docs","window":2048}}

extension Schema {
  /// Newest version of the JSON form.
  static let formatVersion = 3
  /// What this schema is written in: the first version that can say it, so that its bytes and hash stay what they were.
  private var version: Int { libraries.isEmpty ? positions == .fixed ? 1 : 2 : 3 }

  /// The one JSON form of this schema: equal schemas have equal bytes.
  public var canonicalJSON: [UInt8] { json.canonicalBytes }
  /// SHA-256 of the canonical JSON: what a version of a schema is known by.
  public var contentHash: SHA256Digest { unsafe SHA256Digest(of: canonicalJSON.span.bytes) }

  /// Reads what `canonicalJSON` wrote.
  ///
  /// - Throws: `IRError` for other bytes, other versions, unknown keys, and schemas that break a rule of the language.
  public init(canonicalJSON bytes: [UInt8]) throws(IRError) {
    try self.init(json: JSONValue(reading: bytes))
  }

  var json: JSONValue {
    var json: [String: JSONValue] = [
      "version": .integer(version),
      "name": .string(name),
      "attention": .string(attention.rawValue),
      "nodes": .array(nodes.map(\.json)),
      "scaffolds": .array(scaffolds.map { .array($0.modules.map { .string($0.description) }) }),
    ]
    if version > 1 { json["positions"] = .string(positions.rawValue) }
    return .object(json)
  }

  init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "schema")
    let version = try members.integer("version")
    guard (1...Self.formatVersion).contains(version) else {
      throw .unsupportedVersion(found: version, supported: Self.formatVersion)
    }
    var positions: Positions? = .fixed
    if version > 1 { positions = Positions(rawValue: try members.string("positions")) }
    guard let positions, version != 2 || positions == .compact else {
      throw .expected(version == 2 ? "`compact`" : "`compact` or `fixed`", key: "positions", in: "schema")
    }
    self.init(
      name: try members.string("name"), positions: positions, attention: try members.attention(),
      nodes: try Node.nodes(members.array("nodes")),
      scaffolds: try members.array("scaffolds").map { json throws(IRError) in try Scaffold(json: json) })
    try members.finish()
    guard (version == 3) == !libraries.isEmpty else {
      throw .invalid("a schema with libraries is of version 3, and no other is")
    }
    try validate()
  }
}

extension Schema.Node {
  fileprivate var json: JSONValue {
    switch self {
    case .text(let run): .object([run.origin == .document ? "text" : "template": .string(run.text)])
    case .parameter(let parameter): .object(["parameter": parameter.json])
    case .module(let module): .object(["module": module.json])
    case .union(let union): .object(["union": union.json])
    case .library(let library): .object(["library": library.json])
    }
  }

  fileprivate static func nodes(_ values: [JSONValue]) throws(IRError) -> [Self] {
    var nodes: [Self] = []
    for value in values { nodes.append(try Self(json: value)) }
    return nodes
  }

  private init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "node")
    if let text = try members.optionalString("text") {
      self = .text(TextRun(text))
    } else if let text = try members.optionalString("template") {
      self = .text(TextRun(text, origin: .template))
    } else if let parameter = members.optional("parameter") {
      self = .parameter(try Schema.Parameter(json: parameter))
    } else if let module = members.optional("module") {
      self = .module(try Schema.Module(json: module))
    } else if let library = members.optional("library") {
      self = .library(try Schema.Library(json: library))
    } else {
      self = .union(try Schema.Union(json: members.value("union")))
    }
    try members.finish()
  }
}

extension Schema.Module {
  fileprivate var json: JSONValue {
    .object([
      "name": .string(name),
      "attention": .string(attention.rawValue),
      "cache": .bool(cache),
      "nodes": .array(nodes.map(\.json)),
    ])
  }

  fileprivate init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "module")
    self.init(
      name: try members.string("name"), attention: try members.attention(), cache: try members.bool("cache"),
      nodes: try Schema.Node.nodes(members.array("nodes")))
    try members.finish()
  }
}

extension Schema.Union {
  fileprivate var json: JSONValue {
    var json: [String: JSONValue] = ["members": .array(members.map(\.json))]
    json["scaffold"] = representative.map(JSONValue.string)
    return .object(json)
  }

  fileprivate init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "union")
    self.init(
      members: try members.array("members").map { json throws(IRError) in try Schema.Module(json: json) },
      representative: try members.optionalString("scaffold"))
    try members.finish()
  }
}

extension Schema.Library {
  fileprivate var json: JSONValue {
    .object([
      "name": .string(name), "window": .integer(window), "content": .string(content.hexadecimal),
      "count": .integer(count),
    ])
  }

  fileprivate init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "library")
    let name = try members.string("name")
    let window = try members.integer("window")
    guard let content = SHA256Digest(hexadecimal: try members.string("content")) else {
      throw .expected("SHA-256 digest", key: "content", in: "library")
    }
    self.init(name: name, window: window, content: content, count: try members.integer("count"))
    try members.finish()
  }
}

extension Schema.Parameter {
  fileprivate var json: JSONValue {
    var json: [String: JSONValue] = [
      "name": .string(name), "length": .integer(length), "leading_space": .bool(leadingSpace),
    ]
    json["scaffold"] = placeholder.map(JSONValue.string)
    json["default"] = defaultText.map(JSONValue.string)
    return .object(json)
  }

  fileprivate init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "parameter")
    self.init(
      name: try members.string("name"), length: try members.integer("length"),
      placeholder: try members.optionalString("scaffold"), defaultText: try members.optionalString("default"),
      leadingSpace: try members.bool("leading_space"))
    try members.finish()
  }
}

extension Schema.Scaffold {
  fileprivate init(json: JSONValue) throws(IRError) {
    guard case .array(let values) = json else { throw .expected("array", key: "scaffolds", in: "schema") }
    var paths: [ModulePath] = []
    for value in values {
      guard case .string(let path) = value else { throw .expected("module path", key: "scaffolds", in: "schema") }
      paths.append(ModulePath(path.split(separator: "/").map(String.init)))
    }
    self.init(modules: paths)
  }
}

extension JSONMembers {
  fileprivate mutating func attention() throws(IRError) -> Schema.Attention {
    guard let attention = Schema.Attention(rawValue: try string("attention")) else {
      throw .expected("attention", key: "attention", in: "module or schema")
    }
    return attention
  }
}

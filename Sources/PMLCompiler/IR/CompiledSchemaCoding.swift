import ContentHash
import JSONText

// A `.pmlir` file (docs/pmlir.md): canonical JSON (RFC 8785), one line.
//
//   {"compiler":"0.2.0","format":"pmlir","hash":"9f86…","layout":{
//     "bos":1,"fill":0,"length":19,
//     "modules":[{"cached":true,"length":8,"path":"plan","start":3}],
//     "parameters":[{"default":[51],"length":4,"name":"days","path":"plan","placeholder":[97],"start":5}],
//     "segments":[{"path":"","start":0,"tokens":[1]},{"path":"","run":0,"start":1,"tokens":[97,98]}, …]},
//    "schema":{…},"template":{…},"version":1}
//
// `hash` is the schema's. `run` counts the schema's runs of text in document order; the segment of BOS has none, and a run
// that has no tokens no segment. The positions follow from schema and tokens: reading derives them anew.
//
// Version 1 knows fixed positions alone, and no token that isolated modules rest on (`"rest"` of the layout). What it can say
// is still written in it. Version 3 has libraries, and may have what is known of their modules, by library: the name, the
// digest of the text, and for each run that has tokens their number and the digest of its encoding.
//
//   "documents":[[{"content":"9f86…","name":"a","segments":[[120,"3c6e…"]]}, …]]

extension CompiledSchema {
  /// Newest version of the file's form.
  static let formatVersion = 3
  /// What this schema is written in: the first version that can say it, so that its bytes stay what they were.
  private var version: Int {
    if !schema.libraries.isEmpty { return 3 }
    return schema.positions == .fixed && layout.restToken == nil ? 1 : 2
  }

  /// The bytes of the file: the same for equal values, on any machine.
  public var encoded: [UInt8] {
    var json: [String: JSONValue] = [
      "format": "pmlir",
      "version": .integer(version),
      "compiler": .string(Self.compilerVersion),
      "hash": .string(schema.contentHash.hexadecimal),
      "schema": schema.json,
      "template": template.json,
      "layout": layout.json,
    ]
    if !documents.isEmpty { json["documents"] = .array(documents.map { .array($0.map(\.json)) }) }
    return JSONValue.object(json).canonicalBytes
  }

  /// Reads what `encoded` gave.
  ///
  /// - Throws: `IRError` for other bytes, other versions, unknown keys, an edited schema, a layout of another schema, and more
  ///   than 64 MiB.
  public init(decoding bytes: [UInt8]) throws(IRError) {
    guard bytes.count <= DocumentLimits.bytes else { throw .tooLarge(bytes: bytes.count) }
    var members = try JSONMembers(JSONValue(reading: bytes), of: "file")
    guard members.optional("format") == "pmlir" else { throw .notIR }
    let version = try members.integer("version")
    guard (1...Self.formatVersion).contains(version) else {
      throw .unsupportedVersion(found: version, supported: Self.formatVersion)
    }
    _ = try members.string("compiler")
    let schema = try Schema(json: members.value("schema"))
    guard let hash = SHA256Digest(hexadecimal: try members.string("hash")) else {
      throw .expected("SHA-256 digest", key: "hash", in: "file")
    }
    guard hash == schema.contentHash else { throw .hashMismatch(stored: hash, found: schema.contentHash) }
    let layout = try members.value("layout")
    let template = try Self.template(members.value("template"))
    let documents = members.contains("documents") ? try Self.documents(members.array("documents"), of: schema) : []
    try members.finish()

    let placement = SchemaPlacement(
      of: schema, tokens: try SchemaTokens(of: schema, in: layout), limits: try Self.limits(in: layout))
    guard placement.fits, placement.layout.length <= SchemaLayout.longest, placement.layout.json == layout else {
      throw .layoutMismatch
    }
    self.init(schema: schema, template: template, layout: placement.layout)
    self.documents = documents
    guard version == self.version else { throw .layoutMismatch }
  }

  /// Limits that say of any layout what the file says of its own: whether it takes long factors.
  private static func limits(in layout: JSONValue) throws(IRError) -> ContextLimits {
    var members = try JSONMembers(layout, of: "layout")
    let isExtended = members.optional("extended") == .bool(true)
    return ContextLimits(length: SchemaLayout.longest, original: isExtended ? 0 : nil)
  }

  /// What a file knows of the documents of libraries, which must be those that the schema has.
  private static func documents(
    _ values: [JSONValue], of schema: Schema
  ) throws(IRError) -> [[LibraryDocument]] {
    guard values.count == schema.libraries.count else { throw .layoutMismatch }
    var found: [[LibraryDocument]] = []
    for (json, library) in zip(values, schema.libraries) {
      guard case .array(let values) = json else { throw .expected("array", key: "documents", in: "file") }
      var documents: [LibraryDocument] = []
      for value in values { documents.append(try LibraryDocument(json: value)) }
      let identity = LibraryIdentity.library(documents.lazy.map { (name: $0.name, content: $0.content) })
      guard documents.count == library.count, identity == library.content else { throw .layoutMismatch }
      found.append(documents)
    }
    return found
  }

  private static func template(_ json: JSONValue) throws(IRError) -> ChatTemplate {
    do throws(ChatTemplateError) {
      return try ChatTemplate(json: json.canonicalBytes)
    } catch {
      throw .template(error)
    }
  }
}

extension LibraryDocument {
  fileprivate var json: JSONValue {
    .object([
      "name": .string(name), "content": .string(content.hexadecimal),
      "segments": .array(segments.map { .array([.integer($0.tokenCount), .string($0.digest.hexadecimal)]) }),
    ])
  }

  fileprivate init(json: JSONValue) throws(IRError) {
    var members = try JSONMembers(json, of: "document")
    let name = try members.string("name")
    guard let content = SHA256Digest(hexadecimal: try members.string("content")) else {
      throw .expected("SHA-256 digest", key: "content", in: "document")
    }
    var segments: [Segment] = []
    for value in try members.array("segments") {
      guard case .array(let pair) = value, pair.count == 2, case .integer(let count) = pair[0], count > 0,
        case .string(let text) = pair[1], let digest = SHA256Digest(hexadecimal: text)
      else { throw .expected("tokens and digest", key: "segments", in: "document") }
      segments.append(Segment(digest: digest, tokenCount: count))
    }
    try members.finish()
    self.init(name: name, content: content, segments: segments)
  }
}

extension SchemaLayout {
  fileprivate var json: JSONValue {
    var json: [String: JSONValue] = [
      "fill": .integer(Int(fillToken)),
      "length": .integer(length),
      "modules": .array(modules.dropFirst().map(\.json)),
      "parameters": .array(parameters.map { $0.json(at: modules[$0.module].path) }),
      "segments": .array(segments.map { $0.json(at: modules[$0.module].path) }),
    ]
    if let token = beginOfSequence { json["bos"] = .integer(Int(token)) }
    if let token = restToken { json["rest"] = .integer(Int(token)) }
    if isExtended { json["extended"] = .bool(true) }
    return .object(json)
  }
}

extension SchemaLayout.Module {
  fileprivate var json: JSONValue {
    .object([
      "path": .string(path.description), "start": .integer(start), "length": .integer(length),
      "cached": .bool(isCached),
    ])
  }
}

extension SchemaLayout.Segment {
  fileprivate func json(at path: ModulePath) -> JSONValue {
    var json: [String: JSONValue] = [
      "path": .string(path.description), "start": .integer(start), "tokens": .integers(tokens),
    ]
    if case .text(let run) = kind { json["run"] = .integer(run) }
    return .object(json)
  }
}

extension SchemaLayout.Parameter {
  fileprivate func json(at path: ModulePath) -> JSONValue {
    var json: [String: JSONValue] = [
      "path": .string(path.description), "name": .string(name), "start": .integer(start), "length": .integer(length),
      "placeholder": .integers(placeholder),
    ]
    json["default"] = defaultTokens.map { .integers($0) }
    return .object(json)
  }
}

extension SchemaTokens {
  /// The tokens that a file has for `schema`. Whether it has more is seen by comparing the layouts.
  fileprivate init(of schema: Schema, in layout: JSONValue) throws(IRError) {
    var layout = try JSONMembers(layout, of: "layout")
    let beginOfSequence = layout.contains("bos") ? try layout.token("bos") : nil
    let restToken = layout.contains("rest") ? try layout.token("rest") : nil
    let fillToken = try layout.token("fill")
    var text: [Int: [TokenID]] = [:]
    for json in try layout.array("segments") {
      var segment = try JSONMembers(json, of: "segment")
      if segment.contains("run") { text[try segment.integer("run")] = try segment.tokens("tokens") }
    }
    var parameters: [(placeholder: [TokenID], defaultTokens: [TokenID])] = []
    for json in try layout.array("parameters") {
      var parameter = try JSONMembers(json, of: "parameter")
      let defaultTokens = parameter.contains("default") ? try parameter.tokens("default") : []
      parameters.append((try parameter.tokens("placeholder"), defaultTokens))
    }
    let runs = schema.tokenizedRuns.map { run in
      switch run.use {
      case .text(let number): text[number] ?? []
      case .placeholder(let number): number < parameters.count ? parameters[number].placeholder : []
      case .defaultText(let number): number < parameters.count ? parameters[number].defaultTokens : []
      }
    }
    self.init(beginOfSequence: beginOfSequence, restToken: restToken, fillToken: fillToken, runs: runs)
  }
}

public import ContentHash
public import PMLCompiler
internal import Store

/// A schema laid out for one model: positions, and the encodings to keep.
public struct PlannedSchema: Sendable {
  /// The lowered schema, the chat template that it was lowered with, and its layout.
  public let compiled: CompiledSchema
  /// Each segment in each of its contexts.
  public let plan: EncodingPlan
  /// The documents of its libraries.
  let documents: SchemaDocuments

  /// The lowered schema.
  public var schema: Schema { compiled.schema }
  /// Its name, by which prompts ask for it.
  public var name: String { compiled.schema.name }
  /// SHA-256 of the lowered schema.
  public var hash: SHA256Digest { compiled.schema.contentHash }

  init(_ schema: Schema, template: ChatTemplate, plan: EncodingPlan, documents: SchemaDocuments) {
    self.init(
      CompiledSchema(schema: schema, template: template, layout: plan.layout), plan: plan, documents: documents)
  }

  private init(_ compiled: CompiledSchema, plan: EncodingPlan, documents: SchemaDocuments) {
    self.compiled = compiled
    self.plan = plan
    self.documents = documents
  }

  /// The same schema with another plan of it: one with documents.
  func replacingPlan(_ plan: EncodingPlan) -> PlannedSchema {
    PlannedSchema(compiled, plan: plan, documents: documents)
  }

  /// The lowered schema with what its layout knows of its libraries' documents, for a file.
  public var lowered: [UInt8] {
    var compiled = compiled
    compiled.documents = libraryDocuments
    return compiled.encoded
  }

  /// What is known of the documents of its libraries: by library, in order. None of a version in a store, where they are
  /// looked up one by one.
  public var libraryDocuments: [[LibraryDocument]] {
    let byName: [String: [LibraryDocument]] =
      switch documents {
      case .source(let documents): documents.documents
      case .listed(let documents): documents.documents
      case .stored: [:]
      }
    return byName.isEmpty ? [] : schema.libraries.map { byName[$0.name] ?? [] }
  }

  /// Reads a lowered schema.
  ///
  /// - Throws: `IRError` if it is something else, or was compiled for another tokenizer.
  ///
  /// - Parameters:
  ///   - bytes: the lowered schema.
  ///   - model: what it is to be for.
  ///   - documents: of its libraries; what the bytes say of them if `nil`.
  init(
    lowered bytes: [UInt8], for model: LoadedModel, documents: SchemaDocuments? = nil
  ) throws(IRError) {
    let compiled = try CompiledSchema(decoding: bytes)
    try compiled.check(model.tokenizer)
    let plan = EncodingPlan(of: compiled.layout)
    guard plan.problems(within: model.tokenizer.contextLimits, sources: nil).isEmpty else { throw .otherTokenizer }
    let listed = ListedDocuments(
      documents: Dictionary(
        zip(compiled.schema.libraries.map(\.name), compiled.documents), uniquingKeysWith: { first, _ in first }))
    self.init(compiled.schema, template: compiled.template, plan: plan, documents: documents ?? .listed(listed))
  }

  /// Reads the lowered schema of a version in a store.
  ///
  /// - Throws: `PromptCacheError.unreadableVersion` if it was written by another program version or for another tokenizer.
  init(of version: VersionHead, in store: StateStore, model: LoadedModel) throws(PromptCacheError) {
    let documents = StoredDocuments(
      store: store, tokenizer: model.tokenizer,
      listings: Dictionary(
        version.libraries.map { ($0.name, $0.listing) }, uniquingKeysWith: { first, _ in first }))
    do throws(IRError) {
      try self.init(lowered: version.lowered, for: model, documents: .stored(documents))
    } catch {
      throw .unreadableVersion(
        schema: version.name.schema, version: version.name.number, problem: error.message)
    }
  }

  /// Digests of all encodings to keep.
  var storedDigests: Set<SHA256Digest> { Set(plan.distinctStored.map(plan.digest(of:))) }

  /// What a version records of its libraries; of a schema's source alone.
  var listings: [LibraryListing] {
    guard case .source(let documents) = documents else { return [] }
    return schema.libraries.map(documents.listing(of:))
  }

  /// Digests of all encodings to keep, each once, and what a person would call them: module, position, scaffold.
  var storedEncodings: [(digest: SHA256Digest, label: String)] {
    var seen: Set<SHA256Digest> = []
    return plan.encodings.compactMap { encoding in
      guard encoding.isStored, seen.insert(encoding.digest).inserted else { return nil }
      let module = plan.layout.modules[plan.layout.module(of: encoding.item)]
      let place = module.path == .root ? "schema text" : "module `\(module.path)`"
      let scaffold = encoding.scaffold.map { ", scaffold \($0 + 1)" } ?? ""
      return (encoding.digest, "\(place) at position \(plan.layout.positions(of: encoding.item).lowerBound)\(scaffold)")
    }
  }
}

extension PlannedSchema {
  /// The library of this name, or the only one.
  ///
  /// - Throws: `PromptCacheError.noSuchLibrary`.
  public func library(named name: String?) throws(PromptCacheError) -> Schema.Library {
    let libraries = schema.libraries
    let found = name.map { name in libraries.first { $0.name == name } } ?? (libraries.count == 1 ? libraries[0] : nil)
    guard let found else { throw .noSuchLibrary(name, schema: self.name, known: libraries.map(\.name)) }
    return found
  }

  /// Documents of a library, in the order of their names' bytes.
  ///
  /// - Parameters:
  ///   - library: one of the schema's.
  ///   - name: those behind this name alone; from the first on if `nil`.
  ///   - count: as many at most.
  /// - Throws: `PromptCacheError.store`.
  public func documents(
    of library: Schema.Library, after name: String? = nil, atMost count: Int
  ) throws(PromptCacheError) -> [LibraryDocument] {
    switch documents {
    case .stored(let stored): return try stored.documents(of: library, after: name, atMost: count)
    case .source(let source): return Self.page(source.documents[library.name] ?? [], after: name, atMost: count)
    case .listed(let listed): return Self.page(listed.documents[library.name] ?? [], after: name, atMost: count)
    }
  }

  /// All documents of its libraries, by the library's name; those of a version in a store are read from there.
  ///
  /// - Throws: `PromptCacheError.store`.
  public func allDocuments() throws(PromptCacheError) -> [(library: String, documents: [LibraryDocument])] {
    var found: [(library: String, documents: [LibraryDocument])] = []
    for library in schema.libraries { found.append((library.name, try documents(of: library, atMost: .max))) }
    return found
  }

  private static func page(_ documents: [LibraryDocument], after name: String?, atMost count: Int) -> [LibraryDocument]
  {
    let sorted = documents.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let behind = sorted.drop { document in name.map { !$0.utf8.lexicographicallyPrecedes(document.name.utf8) } ?? false
    }
    return Array(behind.prefix(count))
  }
}

/// A schema with its layout for one model's tokenizer: what `pmlc compile` writes.
public struct CompiledSchema: Hashable, Sendable {
  /// Version of the compiler, which each file carries.
  public static let compilerVersion = "0.2.0"

  /// The lowered schema.
  public let schema: Schema
  /// The chat template whose text its roles became.
  public let template: ChatTemplate
  /// Tokens and positions.
  public let layout: SchemaLayout
  /// What is known of the documents of libraries, by library; none where they are kept elsewhere.
  public var documents: [[LibraryDocument]] = []

  /// A schema, and its layout.
  public init(schema: Schema, template: ChatTemplate, layout: SchemaLayout) {
    self.schema = schema
    self.template = template
    self.layout = layout
  }

  /// Checks that the layout is what this tokenizer gives, so that it can be used with its model.
  ///
  /// - Throws: `IRError.otherTokenizer`.
  public func check(_ tokenizer: some TextTokenizer) throws(IRError) {
    var diagnostics: [Diagnostic] = []
    var found = SchemaLayout(of: schema, tokenizer: tokenizer, sources: nil, diagnostics: &diagnostics)
    // Files of version 1 were made when isolated modules rested on BOS alone; their states are as good as ever.
    if schema.positions == .fixed, layout.restToken == nil { found?.restToken = nil }
    guard found == layout else { throw .otherTokenizer }
  }
}

public import ContentHash

/// Every encoding of a schema: each segment in each context, in an order in which each follows what it sees.
///
/// Parameters' placeholders are among them, and a token that isolated modules rest on: they are computed so that what follows
/// can see them, but not kept. Two encodings with one digest have equal states, and are one blob of a store.
///
/// With fixed positions everything is encoded at its place in the layout. With compact ones a context stands side by side
/// from position 0 on, and what sees it right behind it, so that an encoding depends on nothing else of the schema; a
/// prompt that uses it elsewhere makes up the difference by rotating its queries. Isolated modules are encoded as if they
/// began at position 0 either way.
public struct EncodingPlan: Sendable {
  /// One segment, one parameter's placeholder, or the rest token, in one context.
  public struct Encoding: Hashable, Sendable {
    /// Identity: SHA-256 over tokens, start, and the digests and places of what it sees.
    public let digest: SHA256Digest
    /// What is encoded.
    public let item: SchemaLayout.Item
    /// Position of its first token while it is encoded: from its module's start where `isIsolated`.
    public let start: Int
    /// Whether it sees its own module alone, and positions, its own and those of its context, count from that one's start.
    public let isIsolated: Bool
    /// Index of the scaffold that it belongs to; `nil` for the plain encoding.
    public let scaffold: Int?
    let context: ContextTree.Context

    /// Whether its states are kept: a placeholder's and the rest token's are not.
    public var isStored: Bool { if case .segment = item { true } else { false } }
  }

  /// The layout that is encoded.
  public let layout: SchemaLayout
  /// All encodings.
  public let encodings: [Encoding]
  let plain: [SchemaLayout.Item: Int]
  let scaffolded: [[SchemaLayout.Item: Int]]
  let contexts: ContextTree
  /// Digests of encodings that are not kept, but equal one that is: a placeholder may say what a text says.
  let placeholdersLikeTexts: Set<SHA256Digest>

  /// Finds the encodings of what is laid out, in time linear in its size.
  public init(of layout: SchemaLayout) {
    var builder = EncodingPlanBuilder(layout)
    builder.encodeSchema()
    let scaffolded = layout.scaffolds.indices.map { builder.encodeScaffold($0) }
    self.init(builder, of: layout, scaffolded: scaffolded)
  }

  /// What `builder` has found of `layout`.
  init(_ builder: EncodingPlanBuilder, of layout: SchemaLayout, scaffolded: [[SchemaLayout.Item: Int]]) {
    self.layout = layout
    self.scaffolded = scaffolded
    encodings = builder.encodings
    plain = builder.plain
    contexts = builder.contexts
    let placeholders = Set(encodings.lazy.filter { !$0.isStored }.map(\.digest))
    placeholdersLikeTexts = Set(
      encodings.lazy.filter { $0.isStored && placeholders.contains($0.digest) }.map(\.digest))
  }

  /// What an encoding sees beside itself, by place.
  public func context(of encoding: Encoding) -> [ContextEntry] { contexts.entries(of: encoding.context) }

  /// The tokens to encode.
  public func tokens(of encoding: Encoding) -> [TokenID] { layout.encodedTokens(of: encoding.item) }

  /// Number of tokens to encode.
  public func tokenCount(of encoding: Encoding) -> Int { layout.encodedTokenCount(of: encoding.item) }

  /// Index of the encoding of `segment` (an index into the layout's segments) outside scaffolds, or in one of them.
  ///
  /// - Returns: `nil` for the text of a module with `cache="false"`, and of one that the scaffold does not list.
  public func encoding(ofSegment segment: Int, in scaffold: Int? = nil) -> Int? {
    if let scaffold { scaffolded[scaffold][.segment(segment)] } else { plain[.segment(segment)] }
  }
}

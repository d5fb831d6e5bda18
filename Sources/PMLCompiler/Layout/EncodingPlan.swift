public import ContentHash

/// Every encoding of a schema: each segment in each context, in an order in which each follows what it sees.
///
/// Parameters' placeholders are among them: they are computed so that what follows can see them, but not kept. Two
/// encodings with one digest have equal states, and are one blob of a store.
public struct EncodingPlan: Sendable {
  /// One segment, or one parameter's placeholder, in one context.
  public struct Encoding: Hashable, Sendable {
    /// Identity: SHA-256 over tokens, start, and the digests and places of what it sees.
    public let digest: SHA256Digest
    /// What is encoded.
    public let item: SchemaLayout.Item
    /// Position of its first token while it is encoded: from its module's start where `isRelative`.
    public let start: Int
    /// Whether positions, its own and those of its context, count from its module's start.
    public let isRelative: Bool
    /// Index of the scaffold that it belongs to; `nil` for the plain encoding.
    public let scaffold: Int?
    let context: ContextTree.Context

    /// Whether its states are kept: a placeholder's are not.
    public var isStored: Bool { if case .segment = item { true } else { false } }
  }

  /// The layout that is encoded.
  public let layout: SchemaLayout
  /// All encodings.
  public let encodings: [Encoding]
  private let plain: [SchemaLayout.Item: Int]
  private let scaffolded: [[SchemaLayout.Item: Int]]
  let contexts: ContextTree

  /// Finds the encodings of what is laid out, in time linear in its size.
  public init(of layout: SchemaLayout) {
    var builder = EncodingPlanBuilder(layout)
    builder.encodeSchema()
    let scaffolded = layout.scaffolds.indices.map { builder.encodeScaffold($0) }
    self.layout = layout
    self.scaffolded = scaffolded
    encodings = builder.encodings
    plain = builder.plain
    contexts = builder.contexts
  }

  /// What an encoding sees beside itself, by place.
  public func context(of encoding: Encoding) -> [ContextEntry] { contexts.entries(of: encoding.context) }

  /// The tokens to encode.
  public func tokens(of encoding: Encoding) -> [TokenID] { layout.encodedTokens(of: encoding.item) }

  /// Number of tokens to encode.
  public func tokenCount(of encoding: Encoding) -> Int { layout.positions(of: encoding.item).count }

  /// Index of the encoding of `segment` (an index into the layout's segments) outside scaffolds, or in one of them.
  ///
  /// - Returns: `nil` for the text of a module with `cache="false"`, and of one that the scaffold does not list.
  public func encoding(ofSegment segment: Int, in scaffold: Int? = nil) -> Int? {
    if let scaffold { scaffolded[scaffold][.segment(segment)] } else { plain[.segment(segment)] }
  }
}

/// Where everything of a schema stands, for one tokenizer.
///
/// Depth first, in document order: each segment takes the next positions, a parameter its `length`. The members of a
/// union start together, and what follows starts after the longest of them.
///
/// With fixed positions these are the places in prompts too. With compact ones they are the order alone in which the parts
/// of a prompt stand side by side.
public struct SchemaLayout: Hashable, Sendable {
  /// An unbroken run of tokens at consecutive positions: one run of text.
  public struct Segment: Hashable, Sendable {
    /// What the tokens are.
    public enum Kind: Hashable, Sendable {
      /// The model's own beginning of a sequence, at position 0.
      case beginOfSequence
      /// The schema's text run with this number, counted from 0 in document order.
      case text(run: Int)
      /// The run with this number of a library's document, counted from 0 in it.
      case document(run: Int)
    }

    /// What the tokens are.
    public let kind: Kind
    /// Index of the module whose own text this is.
    public let module: Int
    /// Position of the first token.
    public let start: Int
    /// At least one.
    public let tokens: [TokenID]

    /// The positions that it takes.
    public var positions: Range<Int> { start..<start + tokens.count }
  }

  /// Positions that an argument fills from the first on; the rest stays empty.
  public struct Parameter: Hashable, Sendable {
    /// Index of the module that has it.
    public let module: Int
    /// Its name.
    public let name: String
    /// First position.
    public let start: Int
    /// Positions reserved.
    public let length: Int
    /// Tokens of its placeholder text.
    public let placeholder: [TokenID]
    /// What stands for an argument while others are encoded, and `SchemaLayout.fillToken` behind it, `fillCount` times.
    public let standIn: [TokenID]
    /// How often `SchemaLayout.fillToken` stands behind `standIn`.
    public let fillCount: Int
    /// Tokens used where a prompt gives no argument, if it may do so.
    public let defaultTokens: [TokenID]?
    /// Whether a space begins an argument's text.
    public let leadingSpace: Bool

    /// The positions that it takes, whatever the argument's length.
    public var positions: Range<Int> { start..<start + length }
  }

  /// A module, or the schema itself.
  public struct Module: Hashable, Sendable {
    /// Where it stands among the modules.
    public let path: ModulePath
    /// Index of the module around it; `nil` for the schema.
    public let parent: Int?
    /// Number of the union that it is a member of, if it is one.
    public let union: Int?
    /// What its own segments see while they are encoded.
    public let attention: Schema.Attention
    /// Whether its own segments' states are kept: its own `cache` attribute.
    public let isCached: Bool
    /// First position.
    public let start: Int
    /// Positions reserved, those of modules nested in it included.
    public internal(set) var length: Int
    /// What it holds, in document order.
    public internal(set) var content: [Content]
  }

  /// Modules without a place of their own; the module that stands for it holds those that a prompt imports.
  public struct Library: Hashable, Sendable {
    /// Index of the module that stands for it.
    public let module: Int
    /// First position.
    public let start: Int
    /// What the schema says of it: its name, its window, which documents it has.
    public let declaration: Schema.Library
  }

  /// What takes positions of its own.
  public enum Item: Hashable, Sendable {
    /// The segment with this index.
    case segment(Int)
    /// The parameter with this index.
    case parameter(Int)
    /// `SchemaLayout.restToken`, which is no part of the schema.
    case restToken
  }

  /// A piece of a module's content.
  public enum Content: Hashable, Sendable {
    /// Its own text or parameter.
    case item(Item)
    /// The module with this index.
    case module(Int)
    /// The end of a union whose `scaffold` is the module with this index.
    case unionScaffold(Int)
  }

  /// The schema's name.
  public let schema: String
  /// What the positions are for.
  public let kind: Schema.Positions
  /// The schema itself first, then the modules in document order, each after the one around it.
  public internal(set) var modules: [Module] = []
  /// BOS, where the model has one, and the text, in document order.
  public internal(set) var segments: [Segment] = []
  /// Parameters, in document order.
  public internal(set) var parameters: [Parameter] = []
  /// Sets of modules encoded together once more: indices of modules, in layout order.
  public internal(set) var scaffolds: [[Int]] = []
  /// Libraries, in document order.
  public internal(set) var libraries: [Library] = []
  /// Fills a parameter's positions after its placeholder text.
  public let fillToken: TokenID
  /// What isolated modules rest on while they are encoded, where sequences begin with no token and there is one to take.
  public internal(set) var restToken: TokenID?
  /// Whether a model with LongRoPE turns all keys by its long factors (`ContextLimits`).
  public internal(set) var isExtended = false

  private var indices: [ModulePath: Int] = [:]

  init(schema: String, kind: Schema.Positions, fillToken: TokenID) {
    self.schema = schema
    self.kind = kind
    self.fillToken = fillToken
  }

  /// Positions that a layout may have, whatever the model: far from overflow.
  public static let longest = Int(Int32.max)

  /// Number of positions that the schema reserves.
  public var length: Int { modules.first?.length ?? 0 }

  /// The token at position 0 that no text gave, where the model has one.
  public var beginOfSequence: TokenID? {
    segments.first.flatMap { $0.kind == .beginOfSequence ? $0.tokens.first : nil }
  }

  /// Index of the module at `path`; 0 for the schema itself.
  public func module(at path: ModulePath) -> Int? { indices[path] }

  /// A module's own segments and parameters, in layout order.
  public func ownItems(of module: Int) -> [Item] {
    modules[module].content.compactMap { if case .item(let item) = $0 { item } else { nil } }
  }

  /// The positions that `item` takes; the rest token's is ahead of all.
  public func positions(of item: Item) -> Range<Int> {
    switch item {
    case .segment(let index): segments[index].positions
    case .parameter(let index): parameters[index].positions
    case .restToken: -1..<0
    }
  }

  /// Index of the module that `item` belongs to.
  public func module(of item: Item) -> Int {
    switch item {
    case .segment(let index): segments[index].module
    case .parameter(let index): parameters[index].module
    case .restToken: 0
    }
  }

  /// The tokens that stand for `item` while others are encoded.
  ///
  /// A parameter's are with fixed positions its placeholder's, filled up to its `length`; with compact ones those of its
  /// placeholder text, else of its default, else one.
  public func encodedTokens(of item: Item) -> [TokenID] {
    switch item {
    case .segment(let index): segments[index].tokens
    case .parameter(let index):
      parameters[index].standIn + repeatElement(fillToken, count: parameters[index].fillCount)
    case .restToken: restToken.map { [$0] } ?? []
    }
  }

  /// Number of tokens that stand for `item` while others are encoded.
  public func encodedTokenCount(of item: Item) -> Int {
    switch item {
    case .segment(let index): segments[index].tokens.count
    case .parameter(let index): parameters[index].standIn.count + parameters[index].fillCount
    case .restToken: restToken == nil ? 0 : 1
    }
  }

  mutating func append(_ module: Module) -> Int {
    modules.append(module)
    indices[module.path] = modules.count - 1
    return modules.count - 1
  }
}

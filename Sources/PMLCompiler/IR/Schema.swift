public import ContentHash

/// A schema, lowered: white space settled, files of `src` read in, roles turned into the text of the chat template.
///
/// It knows no model's tokens and no source positions. Equal schemas have equal canonical JSON, and so one hash.
public struct Schema: Hashable, Sendable {
  /// Its name.
  public let name: String
  /// Where its parts stand in prompts.
  public let positions: Positions
  /// What the schema's own text sees while it is encoded.
  public let attention: Attention
  /// Content in document order.
  public let nodes: [Node]
  /// Sets of modules encoded together once more, in order of declaration.
  public let scaffolds: [Scaffold]

  /// A lowered schema.
  public init(
    name: String, positions: Positions = .compact, attention: Attention, nodes: [Node], scaffolds: [Scaffold] = []
  ) {
    self.name = name
    self.positions = positions
    self.attention = attention
    self.nodes = nodes
    self.scaffolds = scaffolds
  }

  /// Where the parts of a schema stand in prompts, and in each other's contexts.
  public enum Positions: String, Hashable, Sendable {
    /// Side by side: what is not there takes no positions.
    case compact
    /// At the places that the schema's layout gives them, so that what a prompt leaves out leaves a gap.
    case fixed
  }

  /// What a segment sees of the rest while it is encoded.
  public enum Attention: String, Hashable, Sendable {
    /// All that is certain to be present before it.
    case context
    /// Its own module alone.
    case isolated
  }

  /// A piece of content.
  public indirect enum Node: Hashable, Sendable {
    case text(TextRun)
    case parameter(Parameter)
    case module(Module)
    case union(Union)
    case library(Library)
  }

  /// Text that a prompt may import by name.
  public struct Module: Hashable, Sendable {
    /// Its name, unique among the modules of its scope.
    public let name: String
    /// Resolved: its own attribute, else what is around it.
    public let attention: Attention
    /// Whether its own segments' states are kept.
    public let cache: Bool
    /// Content in document order.
    public let nodes: [Node]

    /// A module.
    public init(name: String, attention: Attention, cache: Bool, nodes: [Node]) {
      self.name = name
      self.attention = attention
      self.cache = cache
      self.nodes = nodes
    }
  }

  /// Modules of which a prompt imports one at most; they share their positions.
  public struct Union: Hashable, Sendable {
    /// Its members, in document order.
    public let members: [Module]
    /// Name of the member that stands in the contexts of what follows, if one does.
    public let representative: String?

    /// A union.
    public init(members: [Module], representative: String?) {
      self.members = members
      self.representative = representative
    }
  }

  /// Modules without a place of their own, more than a context could hold; prompts name some of them, or find them.
  ///
  /// What they say is not here but in a `LibraryContents`: a schema stays small whatever its libraries hold.
  public struct Library: Hashable, Sendable {
    /// Its name, unique among the modules of the schema.
    public let name: String
    /// Positions that it takes, whatever it holds.
    public let window: Int
    /// SHA-256 of what its modules are called and say, in order (`LibraryIdentity`).
    public let content: SHA256Digest
    /// Number of its modules.
    public let count: Int

    /// A library.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - window: positions that it takes.
    ///   - content: identity of its modules.
    ///   - count: their number.
    public init(name: String, window: Int, content: SHA256Digest, count: Int) {
      self.name = name
      self.window = window
      self.content = content
      self.count = count
    }
  }

  /// Its libraries, in document order.
  public var libraries: [Library] {
    nodes.compactMap { if case .library(let library) = $0 { library } else { nil } }
  }

  /// Positions that a prompt's argument fills.
  public struct Parameter: Hashable, Sendable {
    /// Its name, unique in its module.
    public let name: String
    /// Positions reserved, in tokens.
    public let length: Int
    /// Text that stands for the argument while what follows is encoded.
    public let placeholder: String?
    /// Text used where a prompt gives no argument.
    public let defaultText: String?
    /// Whether a space that stood before it begins the argument's (default's, placeholder's) text.
    public let leadingSpace: Bool

    /// A parameter.
    public init(name: String, length: Int, placeholder: String?, defaultText: String?, leadingSpace: Bool) {
      self.name = name
      self.length = length
      self.placeholder = placeholder
      self.defaultText = defaultText
      self.leadingSpace = leadingSpace
    }
  }

  /// Modules encoded together, each seeing those listed before it in layout order.
  public struct Scaffold: Hashable, Sendable {
    /// The modules, in the order written.
    public let modules: [ModulePath]

    /// A set of modules.
    public init(modules: [ModulePath]) { self.modules = modules }
  }
}

/// Text that is tokenized on its own and becomes one segment.
public struct TextRun: Hashable, Sendable {
  /// Where it comes from, which decides whether it may hold special tokens.
  public enum Origin: String, Hashable, Sendable {
    /// A document, an argument or a file: what spells a special token stays text.
    case document
    /// The chat template's prefix or suffix of a role: what spells a special token is one.
    case template
  }

  /// Where it comes from.
  public let origin: Origin
  /// The text; never empty.
  public let text: String

  /// A run of text.
  public init(_ text: String, origin: Origin = .document) {
    self.text = text
    self.origin = origin
  }
}

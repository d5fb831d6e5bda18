/// A part with a name: a module that the prompt always imports. Within another part it is nested.
public struct Part: PromptPart {
  /// The module.
  public let content: PromptContent

  /// A part; without `cache` its states are computed at each request.
  public init(
    _ name: String, attention: Schema.Attention? = nil, cache: Bool = true,
    @PromptBuilder _ content: () -> PromptContent
  ) {
    self.content = .module(name, isImported: true, attention: attention, cache: cache, content())
  }
}

/// An optional part: a module that the prompt imports where the condition holds.
public struct When: PromptPart {
  /// The module.
  public let content: PromptContent

  /// A part that is there when `condition` holds.
  public init(
    _ name: String, _ condition: Bool, attention: Schema.Attention? = nil, cache: Bool = true,
    @PromptBuilder _ content: () -> PromptContent
  ) {
    self.content = .module(name, isImported: condition, attention: attention, cache: cache, content())
  }
}

/// One of several parts, or none: a union.
public struct Choose: PromptPart {
  /// The union.
  public let content: PromptContent

  /// The alternative called `chosen`; the one called `scaffold` stands in the contexts of what follows.
  public init(_ chosen: String?, scaffold: String? = nil, @AlternativeBuilder _ alternatives: () -> [Alternative]) {
    let members = alternatives().map { alternative in
      ProgramModule(
        name: alternative.name, isImported: alternative.name == chosen, attention: alternative.attention,
        isCached: alternative.isCached,
        nodes: alternative.nodes)
    }
    content = PromptContent(nodes: [.union(members, scaffold: scaffold)])
  }
}

/// One of a choice: a member of its union.
public struct Alternative: Sendable {
  let name: String
  let attention: Schema.Attention?
  let isCached: Bool
  let nodes: [ProgramNode]

  /// An alternative.
  public init(
    _ name: String, attention: Schema.Attention? = nil, cache: Bool = true,
    @PromptBuilder _ content: () -> PromptContent
  ) {
    self.name = name
    self.attention = attention
    isCached = cache
    nodes = content().nodes
  }
}

/// Documents by the thousand, of which the prompt names some, or has some found: a library.
///
///     Library("docs", window: 2048, top: 4, documents: manuals.map { .init($0.id, $0.text) })
///
/// It stands at the top of a program, or in a turn there.
public struct Library: PromptPart {
  /// A document: a module of the library.
  public struct Document: Sendable {
    let name: String
    let text: String

    /// A document.
    ///
    /// - Parameters:
    ///   - name: its name, which no other document of the library has.
    ///   - text: what it says.
    public init(_ name: String, _ text: String) {
      self.name = name
      self.text = text
    }
  }

  let name: String
  let window: Int
  let documents: [Document]
  let named: [String]
  let top: Int?
  let query: String?
  let rank: Prompt.Search.Rank

  /// A library.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - window: positions that it takes, and tokens that a prompt may have of it.
  ///   - named: the documents that the prompt names, in the order in which they are to stand.
  ///   - top: how many more are to be found; none if `nil`.
  ///   - query: what these should suit; the prompt's new text if `nil`.
  ///   - rank: what decides which do.
  ///   - documents: all of its documents.
  public init(
    _ name: String, window: Int, named: [String] = [], top: Int? = nil, query: String? = nil,
    rank: Prompt.Search.Rank = .bm25, documents: [Document]
  ) {
    self.name = name
    self.window = window
    self.named = named
    self.top = top
    self.query = query
    self.rank = rank
    self.documents = documents
  }

  /// The library.
  public var content: PromptContent { PromptContent(nodes: [.library(self)]) }

  /// Whether the prompt has anything of it.
  var isImported: Bool { !named.isEmpty || top != nil }
}

/// Room for an argument, in a part.
public struct Parameter: PromptPart {
  let name: String
  let length: Int
  let placeholder: String?
  let defaultText: String?
  let argument: String?

  /// Room for `length` tokens.
  ///
  /// - Parameters:
  ///   - length: tokens at most.
  ///   - name: its name.
  ///   - placeholder: stands for the argument while what follows is encoded.
  ///   - defaultText: stands where there is no argument.
  ///   - argument: the prompt's text.
  public init(
    _ name: String, length: Int, placeholder: String? = nil, default defaultText: String? = nil, argument: String? = nil
  ) {
    self.name = name
    self.length = length
    self.placeholder = placeholder
    self.defaultText = defaultText
    self.argument = argument
  }

  /// The parameter.
  public var content: PromptContent { PromptContent(nodes: [.parameter(self)]) }
}

/// A system's turn that is part of the schema.
public struct SystemTurn: PromptPart {
  /// The turn.
  public let content: PromptContent

  /// A turn with this content.
  public init(@PromptBuilder _ content: () -> PromptContent) { self.content = .role(.system, content()) }
}

/// A user's turn that is part of the schema.
public struct UserTurn: PromptPart {
  /// The turn.
  public let content: PromptContent

  /// A turn with this content.
  public init(@PromptBuilder _ content: () -> PromptContent) { self.content = .role(.user, content()) }
}

/// An assistant's turn that is part of the schema.
public struct AssistantTurn: PromptPart {
  /// The turn.
  public let content: PromptContent

  /// A turn with this content.
  public init(@PromptBuilder _ content: () -> PromptContent) { self.content = .role(.assistant, content()) }
}

/// Text of the prompt alone, outside of all parts: a question, most often.
public struct NewText: PromptPart {
  /// The text.
  public let content: PromptContent

  /// New text, as a turn of `role` or as it stands.
  public init(_ text: String, as role: ChatTemplate.Role? = nil) {
    content = PromptContent(nodes: [.newText(text, role)])
  }
}

extension PromptContent {
  fileprivate static func module(
    _ name: String, isImported: Bool, attention: Schema.Attention?, cache: Bool, _ content: PromptContent
  ) -> Self {
    Self(nodes: [
      .module(
        ProgramModule(
          name: name, isImported: isImported, attention: attention, isCached: cache, nodes: content.nodes))
    ])
  }

  fileprivate static func role(_ role: ChatTemplate.Role, _ content: PromptContent) -> Self {
    Self(nodes: [.role(role, content.nodes)])
  }
}

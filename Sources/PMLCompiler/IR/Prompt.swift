/// A prompt, resolved against its schema: every reference exists, every argument has a parameter, white space is settled.
public struct Prompt: Hashable, Sendable {
  /// Name of its schema.
  public let schema: String
  /// Paths of all modules imported, each after the modules around it.
  public let imports: [Import]
  /// New text, in document order.
  public let newText: [NewText]
  /// Whether the new text has a user turn at its end, so that the chat template's header for the answer follows it.
  public let endsWithUserTurn: Bool
  /// What is to be looked for in libraries; what is found is imported behind what is named.
  public let searches: [Search]

  /// A resolved prompt.
  ///
  /// - Parameters:
  ///   - schema: name of its schema.
  ///   - imports: paths of all modules imported, each after the modules around it.
  ///   - newText: new text, in document order.
  ///   - endsWithUserTurn: whether the new text has a user turn at its end.
  ///   - searches: what is to be looked for in libraries.
  public init(
    schema: String, imports: [Import], newText: [NewText], endsWithUserTurn: Bool, searches: [Search] = []
  ) {
    self.schema = schema
    self.imports = imports
    self.newText = newText
    self.endsWithUserTurn = endsWithUserTurn
    self.searches = searches
  }

  /// The same prompt, which imports some modules of libraries besides, behind those that it names.
  ///
  /// - Parameter found: their paths, in the order in which they are to stand.
  public func importing(_ found: [ModulePath]) -> Prompt {
    let ranges = Dictionary(searches.map { ($0.library, $0.range) }) { first, _ in first }
    let added = found.map { path in
      let start = SourcePosition(offset: 0, line: 1, column: 1)
      return Import(path: path, arguments: [:], range: path.parent.flatMap { ranges[$0] } ?? start..<start)
    }
    return Prompt(
      schema: schema, imports: imports + added, newText: newText, endsWithUserTurn: endsWithUserTurn,
      searches: searches)
  }

  /// Modules of a library to be found, `top` of them.
  public struct Search: Hashable, Sendable {
    /// What the modules are ordered by.
    public enum Rank: String, Hashable, Sendable, CaseIterable {
      /// BM25 of their text to the query.
      case bm25
      /// What the new text attends to most, among four times as many of the best by BM25.
      case attention
    }

    /// Path of the library.
    public let library: ModulePath
    /// How many are wanted; at least 1.
    public let count: Int
    /// What they should suit; the prompt's last new text, less what a chat template puts around it, where it says nothing
    /// else.
    public let query: String
    /// What decides.
    public let rank: Rank
    /// The reference's name in its tag.
    public let range: Range<SourcePosition>

    /// A search.
    ///
    /// - Parameters:
    ///   - library: path of the library.
    ///   - count: how many are wanted.
    ///   - query: what they should suit.
    ///   - rank: what decides.
    ///   - range: the reference's name in its tag.
    public init(library: ModulePath, count: Int, query: String, rank: Rank, range: Range<SourcePosition>) {
      self.library = library
      self.count = count
      self.query = query
      self.rank = rank
      self.range = range
    }
  }

  /// A module that the prompt imports.
  public struct Import: Hashable, Sendable {
    /// Which module.
    public let path: ModulePath
    /// Arguments by parameter, as written (no space moved to their start yet); parameters left out are not here.
    public let arguments: [String: Argument]
    /// The reference's name in its tag.
    public let range: Range<SourcePosition>

    /// An import.
    public init(path: ModulePath, arguments: [String: Argument], range: Range<SourcePosition>) {
      self.path = path
      self.arguments = arguments
      self.range = range
    }
  }

  /// Text for a parameter.
  public struct Argument: Hashable, Sendable {
    /// The text.
    public let text: String
    /// The attribute's value, without its quotes.
    public let range: Range<SourcePosition>

    /// An argument.
    public init(text: String, range: Range<SourcePosition>) {
      self.text = text
      self.range = range
    }
  }

  /// Runs of new text that stand together.
  public struct NewText: Hashable, Sendable {
    /// Where it stands.
    public enum Place: Hashable, Sendable {
      /// Before the reference at the prompt's top level to this module, and after the one ahead of it, if there is one.
      case before(ModulePath, after: ModulePath?)
      /// After the last reference.
      case end
    }

    /// Where it stands.
    public let place: Place
    /// The runs, template text of roles among them, in order; each is tokenized on its own.
    public let runs: [TextRun]
    /// From the first character of it to the last.
    public let range: Range<SourcePosition>
    /// Number of runs from the front on whose states are to be kept in the store, with all that is in front of them.
    public let keptRuns: Int

    /// New text.
    ///
    /// - Parameters:
    ///   - place: where it stands.
    ///   - runs: its runs.
    ///   - range: from the first character of it to the last.
    ///   - keptRuns: number of runs from the front on whose states are to be kept.
    public init(place: Place, runs: [TextRun], range: Range<SourcePosition>, keptRuns: Int = 0) {
      self.place = place
      self.runs = runs
      self.range = range
      self.keptRuns = keptRuns
    }
  }
}

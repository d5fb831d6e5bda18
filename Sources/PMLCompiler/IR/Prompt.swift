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

  /// A resolved prompt.
  public init(schema: String, imports: [Import], newText: [NewText], endsWithUserTurn: Bool) {
    self.schema = schema
    self.imports = imports
    self.newText = newText
    self.endsWithUserTurn = endsWithUserTurn
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

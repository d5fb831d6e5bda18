public import FileSystem

/// One problem in one document. Renderers make text, JSON, SARIF and GitHub commands from it.
public struct Diagnostic: Hashable, Sendable {
  /// A stable identity, `PML` and three digits; `docs/diagnostics.md` explains each.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// For example `PML203`.
    public let rawValue: String

    /// The code that `rawValue` spells.
    public init(rawValue: String) { self.rawValue = rawValue }
  }

  /// How bad it is: an error ends a compilation, a warning does not.
  public enum Severity: String, Sendable {
    case error, warning
  }

  /// Another place that has to do with it: the first definition of a duplicate, for example.
  public struct Related: Hashable, Sendable {
    /// Path of the file as the user gave it.
    public let file: FilePath
    /// The exact characters.
    public let range: Range<SourcePosition>
    /// What is to be seen there.
    public let message: String

    /// A related place.
    public init(file: FilePath, range: Range<SourcePosition>, message: String) {
      self.file = file
      self.range = range
      self.message = message
    }
  }

  /// What helps a prompt whose schema is not at hand: the end of the help of `Code.unknownSchema`.
  public static let schemaFileHelp = "give the file of the schema too"

  /// Stable identity.
  public let code: Code
  /// Error or warning.
  public let severity: Severity
  /// Path of the file as the user gave it.
  public let file: FilePath
  /// The exact characters, the end exclusive.
  public let range: Range<SourcePosition>
  /// What is wrong: one lower-case clause, the user's own words in backquotes.
  public let message: String
  /// What to do about it, where something can be done.
  public let help: String?
  /// Other places to look at.
  public let related: [Related]

  /// A problem.
  public init(
    code: Code, severity: Severity = .error, file: FilePath, range: Range<SourcePosition>, message: String,
    help: String? = nil, related: [Related] = []
  ) {
    self.code = code
    self.severity = severity
    self.file = file
    self.range = range
    self.message = message
    self.help = help
    self.related = related
  }
}

/// A count with its noun.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

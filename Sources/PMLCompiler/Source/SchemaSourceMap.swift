public import FileSystem

/// Where the parts of a lowered schema stand in its file, for problems that later phases find.
public struct SchemaSourceMap: Sendable {
  /// Where a parameter and its attributes stand: the values, without their quotes.
  public struct Parameter: Sendable {
    /// The value of `name`.
    public let name: Range<SourcePosition>
    /// The value of `length`.
    public let length: Range<SourcePosition>
    /// The value of `scaffold`, if there is one.
    public let placeholder: Range<SourcePosition>?
    /// The value of `default`, if there is one.
    public let defaultText: Range<SourcePosition>?

    /// Where a parameter stands.
    public init(
      name: Range<SourcePosition>, length: Range<SourcePosition>, placeholder: Range<SourcePosition>?,
      defaultText: Range<SourcePosition>?
    ) {
      self.name = name
      self.length = length
      self.placeholder = placeholder
      self.defaultText = defaultText
    }
  }

  /// Path of the schema's file as the user gave it.
  public let file: FilePath
  /// The value of the `name` of each module, and of the schema at the root path.
  public var names: [ModulePath: Range<SourcePosition>] = [:]
  /// Parameters by module and name.
  public var parameters: [ModulePath: [String: Parameter]] = [:]
  /// The name of each `union` element, in document order.
  public var unions: [Range<SourcePosition>] = []
  /// The schema's runs of text, by number, of those that stand behind a module in the module (or schema) that they belong to.
  public var textsBehindModules: [Int: Range<SourcePosition>] = [:]

  /// An empty map of `file`.
  public init(file: FilePath) { self.file = file }
}

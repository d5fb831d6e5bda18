/// What `pmlc inspect` shows of a schema.
public struct LayoutReport: Sendable {
  /// The schema.
  public let schema: Schema
  /// Its encodings, and with them its layout.
  public let plan: EncodingPlan
  /// Formats to give sizes for.
  public let formats: [StateFormat]

  /// Joint encodings of prompts of the schema, where somebody looked for them.
  public var joint: [Combination]?

  /// The joint encodings of one chain.
  public struct Combination: Sendable {
    /// Format of the states.
    public let format: String
    /// What its encodings are called, from the front on.
    public let parts: [String]
    /// Tokens of all of them.
    public let tokens: Int
    /// Bytes that they take.
    public let bytes: Int
    /// When it was last used: seconds since 1970, UTC.
    public let lastUse: Int

    /// A combination.
    public init(format: String, parts: [String], tokens: Int, bytes: Int, lastUse: Int) {
      self.format = format
      self.parts = parts
      self.tokens = tokens
      self.bytes = bytes
      self.lastUse = lastUse
    }
  }

  /// The model that the layout is for: its name, and how many positions it has. Shown on the page.
  public var model: (name: String, contextLength: Int)?

  /// What is known of the documents of libraries, by library; none where they are kept elsewhere.
  public var documents: [[LibraryDocument]] = []
  /// Whether all of these documents are shown, and not their numbers alone.
  public var listsDocuments = false

  /// The schema's runs of text, in document order.
  private let runs: [String]

  /// A report.
  public init(of schema: Schema, plan: EncodingPlan, formats: [StateFormat]) {
    self.schema = schema
    self.plan = plan
    runs = schema.textRuns.map(\.text)
    self.formats = formats
  }

  var layout: SchemaLayout { plan.layout }

  func path(of module: Int) -> String { layout.modules[module].path.description }

  /// Indices of the stored encodings of each module's own text; of equal ones the first.
  func encodingsByModule() -> [[Int]] {
    var encodings = [[Int]](repeating: [], count: layout.modules.count)
    for index in plan.distinctStored {
      encodings[layout.module(of: plan.encodings[index].item)].append(index)
    }
    return encodings
  }

  /// Number of tokens of a module's own text, parameters aside.
  func ownTokenCount(of module: Int) -> Int {
    ownSegments(of: module).reduce(0) { $0 + layout.segments[$1].tokens.count }
  }

  /// Number of tokens that the first of a module's own segments sees; `nil` where none is encoded.
  func seenTokenCount(by module: Int) -> Int? {
    guard let first = ownSegments(of: module).first, let encoding = plan.encoding(ofSegment: first) else { return nil }
    let context = plan.context(of: plan.encodings[encoding])
    return context.reduce(0) { $0 + plan.tokenCount(of: plan.encodings[$1.encoding]) }
  }

  /// The first words of a segment's text.
  func beginning(of segment: SchemaLayout.Segment) -> String {
    guard case .text(let run) = segment.kind else { return "BOS" }
    return runs[run].count > 160 ? "\(runs[run].prefix(160))…" : runs[run]
  }

  private func ownSegments(of module: Int) -> [Int] {
    layout.ownItems(of: module).compactMap { if case .segment(let index) = $0 { index } else { nil } }
  }
}

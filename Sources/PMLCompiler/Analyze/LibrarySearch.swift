/// What a reference to a library says of modules to be found.
struct LibrarySearch {
  /// The attributes that a library's element may have.
  static let attributes = ["top", "query", "rank"]

  /// Path of the library.
  let library: ModulePath
  /// How many modules are wanted; `nil` if none are, or `top` is wrong.
  private(set) var count: Int?
  /// What they should suit; `nil` for the prompt's last new text.
  private(set) var query: String?
  /// What decides.
  private(set) var rank = Prompt.Search.Rank.bm25
  /// The reference's name in its tag.
  let range: Range<Int>
  /// What is wrong.
  private(set) var problems: [(problem: any Problem, range: Range<Int>)] = []
  /// Attributes that a library does not have.
  private(set) var unknown: [XMLAttribute] = []

  init(of reference: ReferenceSyntax, in library: ModulePath, source: SourceFile) {
    self.library = library
    range = reference.nameRange
    let hasCount = reference.arguments.contains { $0.name == "top" }
    for attribute in reference.arguments {
      switch attribute.name {
      case "top":
        count = AttributeRule.Value.length(attribute.value)
        if count == nil { refuse(attribute, expected: "a number of modules, 1 or more") }
      case "query": query = attribute.value
      case "rank":
        if let known = Prompt.Search.Rank(rawValue: attribute.value) {
          rank = known
        } else {
          refuse(attribute, expected: Prompt.Search.Rank.allCases.map { "`\($0.rawValue)`" }.joined(separator: " or "))
        }
      default: unknown.append(attribute)
      }
      if !hasCount, attribute.name == "query" || attribute.name == "rank" {
        problems.append((PromptProblem.searchWithoutTop(attribute.name), attribute.nameRange))
      }
    }
  }

  private mutating func refuse(_ attribute: XMLAttribute, expected: String) {
    let problem = GrammarProblem.invalidValue(attribute.value, attribute: attribute.name, expected: expected)
    problems.append((problem, attribute.valueRange))
  }
}

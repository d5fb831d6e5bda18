import PMLCompiler

/// Prompts of a schema: right ones, and such with something wrong in one or more places.
struct RandomPrompt {
  private var random: SeededGenerator
  /// In a hundred places where something may be wrong, so many are.
  private let wrong: Int

  /// The source of a prompt of `schema`.
  static func text(for schema: Schema, seed: UInt64) -> String {
    var prompt = Self(random: SeededGenerator(seed: seed), wrong: seed % 2 == 0 ? 0 : 4)
    return prompt.document(schema)
  }

  private init(random: SeededGenerator, wrong: Int) {
    self.random = random
    self.wrong = wrong
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private mutating func isWrong() -> Bool { chance(wrong) }
  private mutating func one(of texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }

  private mutating func document(_ schema: Schema) -> String {
    var references = references(to: schema.nodes)
    let name = isWrong() ? one(of: ["other", "", schema.name + " "]) : schema.name
    let space = isWrong() ? " xml:space='keep'" : chance(10) ? " xml:space='preserve'" : ""
    let extra = isWrong() ? " name='x'" : ""
    // Right: text between in schema order, or any order with text behind. Wrong: both.
    let isOrdered = chance(50)
    if !isOrdered { references.shuffle(using: &random) }
    var parts: [String] = []
    for reference in references {
      if isOrdered && chance(30) || isWrong() { parts.append(newText()) }
      parts.append(reference)
      if chance(30) { parts.append(one(of: [" ", "\n  ", "<!-- x -->", "<?x y?>"])) }
    }
    if chance(60) { parts.append(newText()) }
    return "<prompt schema='\(name)'\(space)\(extra)>\(parts.joined())</prompt>"
  }

  private mutating func newText() -> String {
    let text = one(of: ["Q", " Q ", "Q &lt; R", "<![CDATA[Q]]>", "Q<!-- x -->R"])
    guard chance(40) else { return text }
    let role = isWrong() ? one(of: ["module", "prompt", "scaffold"]) : one(of: ["system", "user", "assistant"])
    let space = isWrong() ? one(of: [" x='y'", " xml:space='x'"]) : chance(20) ? " xml:space='preserve'" : ""
    let content = isWrong() ? one(of: ["<user>Q</user>", "<m/>"]) : chance(10) ? "" : text
    return "<\(role)\(space)>\(content)</\(role)>"
  }

  private mutating func references(to nodes: [Schema.Node]) -> [String] {
    var references: [String] = []
    for node in nodes {
      switch node {
      case .text, .parameter, .library: continue
      case .module(let module): if chance(60) { references.append(reference(to: module)) }
      case .union(let union):
        let chosen = union.members.shuffled(using: &random).prefix(isWrong() ? 2 : chance(60) ? 1 : 0)
        references += chosen.map { reference(to: $0) }
      }
    }
    if isWrong(), let twice = references.randomElement(using: &random) { references.append(twice) }
    if isWrong() { references.append(one(of: ["<unknown/>", "<m1/>", "<m3/>", "<m5/>"])) }
    return references
  }

  private mutating func reference(to module: Schema.Module) -> String {
    var attributes: [String] = []
    for case .parameter(let parameter) in module.nodes {
      let isGiven = parameter.defaultText == nil || chance(50)
      if isGiven != isWrong() { attributes.append("\(parameter.name)='\(one(of: ["", "two", "&lt;", "a&#10;b"]))'") }
    }
    if isWrong() { attributes.append(one(of: ["unknown=''", "xml:space='preserve'", "p1='x'"])) }
    // The same attribute twice is no matter of grammar.
    let tag = ([module.name] + Array(Set(attributes)).sorted()).joined(separator: " ")
    var children = references(to: module.nodes).shuffled(using: &random)
    if isWrong() { children.append(one(of: ["text", "<user>Q</user>", "<module/>"])) }
    let space = chance(20) ? "\n " : ""
    return "<\(tag)>\(children.map { $0 + space }.joined())</\(module.name)>"
  }
}

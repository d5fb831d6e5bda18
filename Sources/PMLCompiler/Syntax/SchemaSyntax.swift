/// A schema document as typed parts; what the grammar does not allow is left out.
struct SchemaSyntax {
  /// A part of a schema's content.
  indirect enum Part: Sendable {
    case text(TextSyntax)
    case parameter(ParameterSyntax)
    case module(ModuleSyntax)
    case union(UnionSyntax)
    case library(LibrarySyntax)
    case role(RoleSyntax)
  }

  let name: XMLAttribute?
  let positions: Schema.Positions?
  let attention: Schema.Attention?
  let content: [SchemaSyntax.Part]
  let scaffolds: [ScaffoldSyntax]

  init(_ root: XMLElement, in source: SourceFile) {
    name = root.attribute("name")
    positions = root.attribute("positions").flatMap { Schema.Positions(rawValue: $0.value) }
    attention = root.attention
    content = root.schemaParts(isPreserved: false)
    scaffolds = root.content.compactMap { content in
      guard case .element(let child) = content, ElementKind(child.name) == .scaffold else { return nil }
      return child.attribute("modules").map { ScaffoldSyntax($0, in: source) }
    }
  }
}

/// A run of text.
struct TextSyntax: Sendable {
  let text: XMLText
  /// Whether `xml:space="preserve"` holds here.
  let isPreserved: Bool
  /// Whether the next sibling is a parameter.
  let precedesParameter: Bool
}

struct ModuleSyntax: Sendable {
  let name: XMLAttribute?
  let nameRange: Range<Int>
  let attention: Schema.Attention?
  let isCached: Bool
  let src: XMLAttribute?
  let content: [SchemaSyntax.Part]

  init(_ element: XMLElement, isPreserved: Bool) {
    name = element.attribute("name")
    nameRange = element.nameRange
    attention = element.attention
    isCached = element.attribute("cache")?.value != "false"
    src = element.attribute("src")
    content = element.schemaParts(isPreserved: isPreserved)
  }
}

struct UnionSyntax: Sendable {
  let nameRange: Range<Int>
  let scaffold: XMLAttribute?
  let members: [ModuleSyntax]

  init(_ element: XMLElement, isPreserved: Bool) {
    nameRange = element.nameRange
    scaffold = element.attribute("scaffold")
    members = element.schemaParts(isPreserved: isPreserved).compactMap { part in
      if case .module(let module) = part { module } else { nil }
    }
  }
}

/// Modules by the thousand, of which a prompt names or finds some.
struct LibrarySyntax: Sendable {
  let name: XMLAttribute?
  let nameRange: Range<Int>
  let window: XMLAttribute?
  let documents: [ModuleSyntax]

  init(_ element: XMLElement, isPreserved: Bool) {
    name = element.attribute("name")
    nameRange = element.nameRange
    window = element.attribute("window")
    documents = element.schemaParts(isPreserved: isPreserved).compactMap { part in
      if case .module(let module) = part { module } else { nil }
    }
  }
}

struct ParameterSyntax: Sendable {
  let element: XMLElement
  let name: XMLAttribute?
  let length: XMLAttribute?
  let scaffold: XMLAttribute?
  let defaultText: XMLAttribute?

  init(_ element: XMLElement) {
    self.element = element
    name = element.attribute("name")
    length = element.attribute("length") ?? element.attribute("len")
    scaffold = element.attribute("scaffold")
    defaultText = element.attribute("default")
  }
}

struct RoleSyntax: Sendable {
  let role: ChatTemplate.Role
  let nameRange: Range<Int>
  let content: [SchemaSyntax.Part]
}

/// A list of modules that are encoded together.
struct ScaffoldSyntax {
  /// A path and its place.
  struct Path {
    let path: ModulePath
    let range: Range<Int>
  }

  let paths: [Path]

  init(_ modules: XMLAttribute, in source: SourceFile) {
    let found = AttributeRule.Value.paths(modules.value)
    let texts = found.count > AttributeRule.Value.longestList ? [] : found
    paths = zip(texts, modules.wordRanges(in: source.bytes, count: texts.count)).map { text, range in
      Path(path: ModulePath(text.split(separator: "/").map(String.init)), range: range)
    }
  }
}

extension XMLElement {
  fileprivate var attention: Schema.Attention? {
    attribute("attention").flatMap { Schema.Attention(rawValue: $0.value) }
  }

  /// What `xml:space` says here, or else what holds around it.
  func preservesSpace(inherited: Bool) -> Bool {
    switch attribute("xml:space")?.value {
    case "preserve": true
    case "default": false
    default: inherited
    }
  }

  fileprivate func schemaParts(isPreserved inherited: Bool) -> [SchemaSyntax.Part] {
    let isPreserved = preservesSpace(inherited: inherited)
    return content.enumerated().flatMap { index, item -> [SchemaSyntax.Part] in
      switch item {
      case .text(let text):
        var precedesParameter = false
        if index + 1 < content.count, case .element(let next) = content[index + 1] {
          precedesParameter = ElementKind(next.name) == .parameter
        }
        return [.text(TextSyntax(text: text, isPreserved: isPreserved, precedesParameter: precedesParameter))]
      case .element(let child): return child.asSchemaPart(isPreserved: isPreserved)
      }
    }
  }

  private func asSchemaPart(isPreserved: Bool) -> [SchemaSyntax.Part] {
    switch ElementKind(name) {
    case .module: [.module(ModuleSyntax(self, isPreserved: isPreserved))]
    case .union: [.union(UnionSyntax(self, isPreserved: isPreserved))]
    case .library: [.library(LibrarySyntax(self, isPreserved: isPreserved))]
    case .parameter: [.parameter(ParameterSyntax(self))]
    case .system:
      [.role(RoleSyntax(role: .system, nameRange: nameRange, content: schemaParts(isPreserved: isPreserved)))]
    case .user: [.role(RoleSyntax(role: .user, nameRange: nameRange, content: schemaParts(isPreserved: isPreserved)))]
    case .assistant:
      [.role(RoleSyntax(role: .assistant, nameRange: nameRange, content: schemaParts(isPreserved: isPreserved)))]
    case .scaffold: []
    case .schema, .prompt, nil: schemaParts(isPreserved: isPreserved)
    }
  }
}

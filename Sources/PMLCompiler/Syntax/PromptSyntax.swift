/// A prompt document as typed parts; what the grammar does not allow is left out.
struct PromptSyntax {
  /// A part of a prompt's top level.
  enum Part {
    /// Text that is not white space alone.
    case text(TextSyntax)
    case role(PromptRoleSyntax)
    case reference(ReferenceSyntax)
  }

  let schema: XMLAttribute?
  let content: [PromptSyntax.Part]

  init(_ root: XMLElement) {
    schema = root.attribute("schema")
    content = root.promptParts(isPreserved: root.preservesSpace(inherited: false))
  }
}

/// A turn of new text.
struct PromptRoleSyntax {
  let role: ChatTemplate.Role
  let range: Range<Int>
  let nameRange: Range<Int>
  let texts: [TextSyntax]
}

/// A reference to a module, and to modules in it.
struct ReferenceSyntax {
  let name: String
  let nameRange: Range<Int>
  let arguments: [XMLAttribute]
  let children: [ReferenceSyntax]

  init(_ element: XMLElement) {
    name = element.name
    nameRange = element.nameRange
    arguments = element.attributes.filter { XMLName.isUnprefixed($0.name) && $0.name != "xmlns" }
    children = element.content.compactMap { content in
      guard case .element(let child) = content, ElementKind(child.name) == nil else { return nil }
      return ReferenceSyntax(child)
    }
  }
}

extension XMLElement {
  fileprivate func promptParts(isPreserved: Bool) -> [PromptSyntax.Part] {
    content.compactMap { content in
      switch content {
      case .text(let text): text.isBlank ? nil : .text(TextSyntax(newText: text, isPreserved: isPreserved))
      case .element(let child): child.asPromptPart(isPreserved: isPreserved)
      }
    }
  }

  private func asPromptPart(isPreserved: Bool) -> PromptSyntax.Part? {
    guard let kind = ElementKind(name) else { return .reference(ReferenceSyntax(self)) }
    guard let role = ChatTemplate.Role(rawValue: kind.rawValue) else { return nil }
    let isPreserved = preservesSpace(inherited: isPreserved)
    let texts = content.compactMap { content -> TextSyntax? in
      guard case .text(let text) = content, !text.isBlank else { return nil }
      return TextSyntax(newText: text, isPreserved: isPreserved)
    }
    return .role(PromptRoleSyntax(role: role, range: range, nameRange: nameRange, texts: texts))
  }
}

extension TextSyntax {
  /// A run of new text, which no parameter follows.
  fileprivate init(newText text: XMLText, isPreserved: Bool) {
    self.init(text: text, isPreserved: isPreserved, precedesParameter: false)
  }
}

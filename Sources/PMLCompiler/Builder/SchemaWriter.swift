/// Writes a prompt program's schema.
///
/// Where the rules for white space would change a text, its element has `xml:space="preserve"`. Elsewhere they are left
/// on, since they move the space before a parameter into the argument, where tokenizers want it.
struct SchemaWriter {
  private var xml = XMLWriter()
  private var flow = TextFlow()

  var text: String { xml.text + "\n" }

  mutating func write(
    _ nodes: [ProgramNode], name: String, positions: Schema.Positions, attention: Schema.Attention
  ) {
    var attributes = [("name", name)]
    if positions != .compact { attributes.append(("positions", positions.rawValue)) }
    if attention != .context { attributes.append(("attention", attention.rawValue)) }
    element("schema", attributes, nodes, isPreserved: false)
  }

  private mutating func element(
    _ name: String, _ attributes: [(String, String)], _ nodes: [ProgramNode], isPreserved inherited: Bool
  ) {
    let nodes = Self.merged(nodes)
    let isPreserved = nodes.indices.contains { changes(nodes, at: $0) }
    let space = [("xml:space", isPreserved ? "preserve" : "default")]
    let attributes = attributes + (isPreserved == inherited ? [] : space)
    guard let last = nodes.last else { return xml.empty(name, attributes) }
    xml.open(name, attributes)
    var wasText = isPreserved
    for node in nodes {
      if !wasText, !node.isText, !isPreserved { xml.breakLine() }
      write(node, isPreserved: isPreserved)
      wasText = node.isText
    }
    if !last.isText, !isPreserved { xml.breakLine(outdented: true) }
    xml.close(name)
  }

  private mutating func write(_ node: ProgramNode, isPreserved: Bool) {
    switch node {
    case .text(let text):
      xml.write(text)
      flow.advance()
    case .parameter(let parameter):
      xml.empty("parameter", parameter.attributes)
      flow.advance()
    case .module(let module): element("module", module.attributes, module.nodes, isPreserved: isPreserved)
    case .union(let members, let scaffold): union(members, scaffold: scaffold, isPreserved: isPreserved)
    case .library(let library): write(library)
    case .role(let role, let nodes): element(role.rawValue, [], nodes, isPreserved: isPreserved)
    case .newText: break
    }
  }

  private mutating func union(_ members: [ProgramModule], scaffold: String?, isPreserved: Bool) {
    let before = flow
    var after = flow
    xml.open("union", scaffold.map { [("scaffold", $0)] } ?? [])
    for member in members {
      flow = before
      xml.breakLine()
      write(.module(member), isPreserved: isPreserved)
      after.merge(flow)
    }
    xml.breakLine(outdented: true)
    xml.close("union")
    flow = after
  }

  /// Documents stand for each other, as a union's members do.
  private mutating func write(_ library: Library) {
    let attributes = [("name", library.name), ("window", String(library.window)), ("xml:space", "default")]
    guard !library.documents.isEmpty else { return xml.empty("library", attributes) }
    let before = flow
    xml.open("library", attributes)
    for document in library.documents {
      flow = before
      xml.breakLine()
      element("module", [("name", document.name)], [.text(document.text)], isPreserved: false)
    }
    xml.breakLine(outdented: true)
    xml.close("library")
    flow.advance()
  }

  /// Whether the rules would change the text at `index`, the space before a parameter aside.
  private func changes(_ nodes: [ProgramNode], at index: Int) -> Bool {
    guard case .text(let text) = nodes[index] else { return false }
    let isFirst = flow.isFirst && !nodes[..<index].contains { $0.isText || $0.isParameter }
    let beforeParameter = index + 1 < nodes.count && nodes[index + 1].isParameter
    let settled = WhiteSpace.settle(Array(text.utf8), isFirst: isFirst, beforeParameter: beforeParameter)
    return settled.text + (settled.movesSpace ? [UInt8(ascii: " ")] : []) != Array(text.utf8)
  }

  /// Without new text; texts that stand side by side are one.
  private static func merged(_ nodes: [ProgramNode]) -> [ProgramNode] {
    var merged: [ProgramNode] = []
    for node in nodes {
      switch (merged.last, node) {
      case (_, .newText), (_, .text("")): break
      case (.text(let before), .text(let text)): merged[merged.count - 1] = .text(before + text)
      default: merged.append(node)
      }
    }
    return merged
  }
}

extension ProgramNode {
  fileprivate var isText: Bool { if case .text = self { true } else { false } }
  fileprivate var isParameter: Bool { if case .parameter = self { true } else { false } }
}

extension ProgramModule {
  fileprivate var attributes: [(String, String)] {
    var attributes = [("name", name)]
    if let attention { attributes.append(("attention", attention.rawValue)) }
    if !isCached { attributes.append(("cache", "false")) }
    return attributes
  }
}

extension Parameter {
  fileprivate var attributes: [(String, String)] {
    var attributes = [("name", name), ("length", String(length))]
    if let placeholder { attributes.append(("scaffold", placeholder)) }
    if let defaultText { attributes.append(("default", defaultText)) }
    return attributes
  }
}

/// Writes a prompt program's prompt: references to what holds, in schema order, and new text where it stands.
struct PromptWriter {
  private var xml = XMLWriter()

  var text: String { xml.text + "\n" }

  mutating func write(_ nodes: [ProgramNode], schema: String) {
    let parts = Self.parts(nodes)
    // Beside text without a turn of its own white space is text.
    let isTight = parts.contains { if case .text = $0 { true } else { false } }
    xml.open("prompt", [("schema", schema)] + (isTight ? [("xml:space", "preserve")] : []))
    for part in parts {
      if !isTight { xml.breakLine() }
      switch part {
      case .reference(let module): reference(to: module, isTight: isTight)
      case .library(let library): reference(to: library, isTight: isTight)
      case .text(let text): xml.write(text)
      case .turn(let role, let text):
        xml.open(role.rawValue, isTight ? [] : [("xml:space", "preserve")])
        xml.write(text)
        xml.close(role.rawValue)
      }
    }
    if !isTight, !parts.isEmpty { xml.breakLine(outdented: true) }
    xml.close("prompt")
  }

  private enum Part {
    case reference(ProgramModule)
    case library(Library)
    case text(String)
    case turn(ChatTemplate.Role, String)
  }

  /// What a prompt has of `nodes`: roles open no scope of their own.
  private static func parts(_ nodes: [ProgramNode]) -> [Part] {
    nodes.flatMap { node -> [Part] in
      switch node {
      case .text, .parameter, .newText("", nil): []
      case .newText(let text, nil): [.text(text)]
      case .newText(let text, let role?): [.turn(role, text)]
      case .role(_, let nodes): parts(nodes)
      case .module(let module): module.isImported ? [.reference(module)] : []
      case .union(let members, _): members.filter(\.isImported).map(Part.reference)
      case .library(let library): library.isImported ? [.library(library)] : []
      }
    }
  }

  private mutating func reference(to module: ProgramModule, isTight: Bool) {
    let arguments = Self.arguments(module.nodes)
    let parts = Self.parts(module.nodes)
    guard !parts.isEmpty else { return xml.empty(module.name, arguments) }
    xml.open(module.name, arguments)
    for part in parts {
      if !isTight { xml.breakLine() }
      switch part {
      case .reference(let module): reference(to: module, isTight: isTight)
      // Not allowed here, as the compiler will say.
      case .library(let library): reference(to: library, isTight: isTight)
      // Not allowed here, as the compiler will say.
      case .text(let text), .turn(_, let text): xml.write(text)
      }
    }
    if !isTight { xml.breakLine(outdented: true) }
    xml.close(module.name)
  }

  private mutating func reference(to library: Library, isTight: Bool) {
    var attributes: [(name: String, value: String)] = []
    if let top = library.top {
      attributes.append(("top", String(top)))
      if let query = library.query { attributes.append(("query", query)) }
      if library.rank != .bm25 { attributes.append(("rank", library.rank.rawValue)) }
    }
    guard !library.named.isEmpty else { return xml.empty(library.name, attributes) }
    xml.open(library.name, attributes)
    for name in library.named {
      if !isTight { xml.breakLine() }
      xml.empty(name, [])
    }
    if !isTight { xml.breakLine(outdented: true) }
    xml.close(library.name)
  }

  private static func arguments(_ nodes: [ProgramNode]) -> [(name: String, value: String)] {
    nodes.flatMap { node -> [(name: String, value: String)] in
      switch node {
      case .parameter(let parameter): parameter.argument.map { [(parameter.name, $0)] } ?? []
      case .role(_, let nodes): arguments(nodes)
      case .text, .module, .union, .library, .newText: []
      }
    }
  }
}

/// Writes the tags of a document, indented where white space does not matter.
struct XMLWriter {
  private(set) var text = ""
  private var depth = 0

  mutating func open(_ name: String, _ attributes: [(name: String, value: String)]) {
    write(name, attributes, end: ">")
    depth += 1
  }

  mutating func close(_ name: String) {
    depth -= 1
    text += "</\(name)>"
  }

  mutating func empty(_ name: String, _ attributes: [(name: String, value: String)]) {
    write(name, attributes, end: "/>")
  }

  private mutating func write(_ name: String, _ attributes: [(name: String, value: String)], end: String) {
    let attributes = attributes.map { " \($0.name)=\"\(Self.escaped($0.value, inAttribute: true))\"" }
    text += "<\(name)\(attributes.joined())\(end)"
  }

  /// A new line, indented for a tag; `outdented` for the end tag of the element that is open.
  mutating func breakLine(outdented: Bool = false) {
    text += "\n" + String(repeating: "  ", count: outdented ? depth - 1 : depth)
  }

  mutating func write(_ text: String) { self.text += Self.escaped(text, inAttribute: false) }

  /// What stands for `text` in a document. Characters that XML does not allow stay as they are, for the compiler to
  /// report.
  private static func escaped(_ text: String, inAttribute: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\r": escaped += "&#13;"
      case "\"" where inAttribute: escaped += "&quot;"
      case "\n" where inAttribute: escaped += "&#10;"
      case "\t" where inAttribute: escaped += "&#9;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

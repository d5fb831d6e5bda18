internal import Failure
internal import FileSystem

/// Shows diagnostics to a person: place, words, the line of the source with a caret under the exact characters, help.
public struct TextRenderer: Sendable {
  /// Longest excerpt of a line, in characters.
  private static let excerptLength = 120

  private let sources: [FilePath: SourceFile]
  private let color: Bool

  /// A renderer that shows lines of `sources`, with a terminal's colours or without.
  public init(sources: [SourceFile], color: Bool = false) {
    self.sources = Dictionary(sources.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    self.color = color
  }

  /// All diagnostics, each followed by an empty line but for the last.
  public func render(_ diagnostics: some Sequence<Diagnostic>) -> String {
    diagnostics.map(render).joined(separator: "\n")
  }

  /// One diagnostic, its lines ended by line feeds.
  public func render(_ diagnostic: Diagnostic) -> String {
    let severity = "\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]:"
    var text = place(diagnostic.file, diagnostic.range)
    text += paint(severity, diagnostic.severity == .error ? .red : .yellow)
    text += " " + paint(diagnostic.message.printable(), .bold) + "\n"
    text += excerpt(diagnostic.file, diagnostic.range, diagnostic.severity == .error ? .red : .yellow)
    for related in diagnostic.related {
      text += place(related.file, related.range) + paint("note:", .cyan) + " \(related.message.printable())\n"
      text += excerpt(related.file, related.range, .cyan)
    }
    if let help = diagnostic.help { text += "  " + paint("help:", .cyan) + " \(help.printable())\n" }
    return text
  }

  private func place(_ file: FilePath, _ range: Range<SourcePosition>) -> String {
    paint("\(file.description.printable()):\(range.lowerBound.line):\(range.lowerBound.column):", .bold) + " "
  }

  private func excerpt(_ file: FilePath, _ range: Range<SourcePosition>, _ color: Color) -> String {
    guard let source = sources[file] else { return "" }
    let line = SourceLine(source, around: range, limit: Self.excerptLength)
    let number = String(range.lowerBound.line)
    let gutter = String(repeating: " ", count: max(0, 5 - number.count)) + number
    let blank = String(repeating: " ", count: gutter.count)
    return "\(gutter) | \(line.text)\n\(blank) | \(line.indentation)\(paint(line.underline, color))\n"
  }

  private enum Color: String {
    case red = "1;31"
    case yellow = "1;33"
    case cyan = "36"
    case bold = "1"
  }

  private func paint(_ text: String, _ style: Color) -> String {
    color ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }
}

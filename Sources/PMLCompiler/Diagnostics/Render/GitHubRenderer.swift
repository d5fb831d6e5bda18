internal import Failure

/// Writes diagnostics as workflow commands, which GitHub shows beside the lines of a change.
public enum GitHubRenderer {
  /// One command a diagnostic and line.
  public static func render(_ diagnostics: some Sequence<Diagnostic>) -> String {
    diagnostics.map { diagnostic in
      let range = diagnostic.range
      let (start, end) = (range.lowerBound, range.upperBound)
      // GitHub knows columns on one line only.
      let columns = start.line == end.line ? ["col=\(start.column)", "endColumn=\(end.column)"] : []
      let properties =
        ["file=\(escape(diagnostic.file, isProperty: true))", "line=\(start.line)", "endLine=\(end.line)"] + columns
        + ["title=\(diagnostic.code.rawValue)"]
      let message = [diagnostic.message, diagnostic.help.map { "help: \($0)" }].compactMap { $0 }
      return "::\(diagnostic.severity.rawValue) \(properties.joined(separator: ","))"
        + "::\(escape(message.joined(separator: "\n"), isProperty: false))\n"
    }.joined()
  }

  private static func escape(_ text: String, isProperty: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": escaped += "%25"
      case "\r": escaped += "%0D"
      case "\n": escaped += "%0A"
      case ":" where isProperty: escaped += "%3A"
      case "," where isProperty: escaped += "%2C"
      // Logs are shown in colour, so escape sequences would be obeyed.
      default: escaped += scalar.isPrintable ? String(scalar) : String(scalar).printable()
      }
    }
    return escaped
  }
}

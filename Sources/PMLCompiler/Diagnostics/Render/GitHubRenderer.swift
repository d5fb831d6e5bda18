internal import Failure
internal import FileSystem

/// Writes diagnostics as workflow commands, which GitHub shows beside the lines of a change.
public enum GitHubRenderer {
  /// One command, on a line of its own, for each diagnostic.
  ///
  /// - Parameters:
  ///   - diagnostics: what was found.
  ///   - paths: how files are named; GitHub finds those with paths from the root of the repository.
  public static func render(_ diagnostics: some Sequence<Diagnostic>, paths: ReportPaths) -> String {
    var files: [FilePath: String] = [:]
    return diagnostics.map { diagnostic in
      let file = files[diagnostic.file] ?? (paths.place(of: diagnostic.file)?.path ?? diagnostic.file).description
      files[diagnostic.file] = file
      return render(diagnostic, in: file)
    }.joined()
  }

  private static func render(_ diagnostic: Diagnostic, in file: String) -> String {
    let (start, end) = (diagnostic.range.lowerBound, diagnostic.range.upperBound)
    // GitHub knows columns on one line only.
    let columns = start.line == end.line ? ["col=\(start.column)", "endColumn=\(end.column)"] : []
    let properties =
      ["file=\(escape(file, isProperty: true))", "line=\(start.line)", "endLine=\(end.line)"] + columns
      + ["title=\(diagnostic.code.rawValue)"]
    let message = [diagnostic.message, diagnostic.help.map { "help: \($0)" }].compactMap { $0 }
    return "::\(diagnostic.severity.rawValue) \(properties.joined(separator: ","))"
      + "::\(escape(message.joined(separator: "\n"), isProperty: false))\n"
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

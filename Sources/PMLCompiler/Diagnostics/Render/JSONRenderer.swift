internal import Failure
internal import FileSystem
internal import JSONText

/// Writes diagnostics as a JSON array of objects, one a line, for scripts.
///
/// Each has `file`, `line`, `column`, `end_line`, `end_column`, `severity`, `code`, `message` and `help` (`null` where there
/// is none), and `related` where there are other places to look at. Lines and columns count from 1, columns in Unicode
/// scalars, and the end is exclusive.
public enum JSONRenderer {
  /// The array, its last line ended.
  public static func render(_ diagnostics: some Sequence<Diagnostic>) -> String {
    let lines = diagnostics.map { String(decoding: $0.json.canonicalBytes, as: UTF8.self).printableJSON }
    return lines.isEmpty ? "[]\n" : "[\n\(lines.joined(separator: ",\n"))\n]\n"
  }
}

extension Diagnostic {
  fileprivate var json: JSONValue {
    var members = place(file, range)
    members["severity"] = .string(severity.rawValue)
    members["code"] = .string(code.rawValue)
    members["message"] = .string(message)
    members["help"] = help.map(JSONValue.string) ?? .null
    if !related.isEmpty {
      members["related"] = .array(
        related.map { related in
          var members = place(related.file, related.range)
          members["message"] = .string(related.message)
          return .object(members)
        })
    }
    return .object(members)
  }

  private func place(_ file: FilePath, _ range: Range<SourcePosition>) -> [String: JSONValue] {
    [
      "file": .string(file.description),
      "line": .integer(range.lowerBound.line), "column": .integer(range.lowerBound.column),
      "end_line": .integer(range.upperBound.line), "end_column": .integer(range.upperBound.column),
    ]
  }
}

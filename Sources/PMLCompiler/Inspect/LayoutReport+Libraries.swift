internal import Failure
import JSONText

/// What a report says of one library.
struct LibraryFacts {
  let path: String
  let start: Int
  let window: Int
  /// Number of its modules.
  let count: Int
  /// What is known of them; `nil` where they are kept elsewhere.
  let contents: Contents?

  struct Contents {
    let totals: EncodingTotals
    /// The one with most tokens, the first of several; `nil` in an empty library.
    let longest: LibraryDocument?
  }
}

extension LayoutReport {
  /// The libraries, in document order.
  var libraries: [LibraryFacts] {
    layout.libraries.enumerated().map { index, library in
      LibraryFacts(
        path: path(of: library.module), start: library.start, window: library.declaration.window,
        count: library.declaration.count,
        contents: documents.indices.contains(index) ? contents(of: documents[index]) : nil)
    }
  }

  private func contents(of documents: [LibraryDocument]) -> LibraryFacts.Contents {
    // Equal texts have their states in common.
    var seen: Set<LibraryDocument.Segment> = []
    let counts = documents.lazy.flatMap(\.segments).filter { seen.insert($0).inserted }.map(\.tokenCount)
    return LibraryFacts.Contents(
      totals: EncodingTotals(counts, formats: formats),
      longest: documents.max { $0.tokenCount < $1.tokenCount })
  }

  /// Lines about libraries, and the documents themselves where they are asked for.
  var libraryLines: [String] {
    libraries.enumerated().flatMap { index, library -> [String] in
      var line = "library \(library.path.printable()): \(counted(library.count, "module")), window \(library.window)"
      if let contents = library.contents {
        line += ", \(counted(contents.totals.tokens, "token"))"
        for (format, bytes) in zip(formats, contents.totals.bytes) {
          line += ", \(readable(bytes: bytes)) in \(format.name)"
        }
        if let longest = contents.longest {
          line += "; the longest is \(longest.name.printable()) with \(counted(longest.tokenCount, "token"))"
        }
      }
      guard listsDocuments, documents.indices.contains(index) else { return [line] }
      var table = TextTable([("module", .left), ("tokens", .right)])
      for document in documents[index] { table.append([document.name, "\(document.tokenCount)"]) }
      return [line] + table.lines.map { "  " + $0 }
    }
  }

  /// One object a library: `{"path","start","window","count"}`, and where they are known `"tokens"`, `"stored"`, `"longest"` and,
  /// if they are asked for, `"modules"`.
  var libraryJSON: JSONValue {
    .array(
      libraries.enumerated().map { index, library in
        var json: [String: JSONValue] = [
          "path": .string(library.path), "start": .integer(library.start), "window": .integer(library.window),
          "count": .integer(library.count),
        ]
        if let contents = library.contents {
          json["stored"] = contents.totals.json(formats: formats)
          json["longest"] = contents.longest.map { Self.json(of: $0, in: library.path) }
        }
        if listsDocuments, documents.indices.contains(index) {
          json["modules"] = .array(documents[index].map { Self.json(of: $0, in: library.path) })
        }
        return .object(json)
      })
  }

  private static func json(of document: LibraryDocument, in library: String) -> JSONValue {
    .object(["path": .string("\(library)/\(document.name)"), "tokens": .integer(document.tokenCount)])
  }
}

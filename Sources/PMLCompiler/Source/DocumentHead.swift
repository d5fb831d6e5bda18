internal import Failure

extension PML {
  /// Which document `source` is, by its first tag; `nil` where that is neither.
  public static func rootKind(of source: SourceFile) -> RootKind? {
    switch DocumentHead(source)?.name {
    case "schema": .schema
    case "prompt": .prompt
    default: nil
    }
  }

  /// The name that a schema gives itself, whatever is wrong with the rest of it; `nil` where the document does not begin
  /// as a schema does.
  public static func name(ofSchema source: SourceFile) -> String? {
    DocumentHead(source)?.schemaName?.name
  }

  /// What is wrong with schemas that are used together: those that have the name of an earlier one, since nobody can
  /// say which of the two a prompt means.
  ///
  /// - Parameter sources: documents of any kind. One that is listed twice is no other schema.
  /// - Returns: problems, each in the order of the later document.
  public static func checkNames(of sources: [SourceFile]) -> [Diagnostic] {
    var first: [String: (source: SourceFile, range: Range<Int>)] = [:]
    var diagnostics: [Diagnostic] = []
    for source in sources {
      guard let found = DocumentHead(source)?.schemaName else { continue }
      guard let other = first[found.name] else {
        first[found.name] = (source, found.range)
        continue
      }
      guard other.source.path != source.path else { continue }
      let related = Diagnostic.Related(
        file: other.source.path, range: other.source.positions(of: other.range), message: "the first one")
      let diagnostic = Diagnostic(
        code: .repeatedSchema, file: source.path, range: source.positions(of: found.range),
        message: "there is a schema \(found.name.quoted()) in \(other.source.path.quoted()) already",
        help: "give one of them another name, or take them one at a time", related: [related])
      if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }
    return diagnostics
  }

  /// The name of the schema that a prompt is for, so that it can be found; `nil` where the document does not begin as a
  /// prompt does, which `compilePrompt` explains.
  public static func schemaName(ofPrompt source: SourceFile) -> String? {
    guard let head = DocumentHead(source), head.name == "prompt" else { return nil }
    return head.attributes["schema"]?.text
  }
}

/// The first tag of a document, read without looking at the rest.
private struct DocumentHead {
  let name: String
  /// Values as they stand in the file; names, the only ones of use here, hold no references.
  let attributes: [String: Value]

  struct Value {
    let text: String
    let range: Range<Int>
  }

  /// The name of a schema, and its place.
  var schemaName: (name: String, range: Range<Int>)? {
    guard name == "schema", let value = attributes["name"] else { return nil }
    return (value.text, value.range)
  }

  init?(_ source: SourceFile) {
    let bytes = source.bytes
    var cursor = ByteCursor(bytes, at: bytes.starts(with: TextEncoding.byteOrderMark) ? 3 : 0)
    while true {
      cursor.skipSpace()
      if cursor.skip("<!--") {
        guard cursor.skip(past: "-->") else { return nil }
      } else if cursor.skip("<?") {
        guard cursor.skip(past: "?>") else { return nil }
      } else {
        break
      }
    }
    guard cursor.skip("<") else { return nil }
    let name = cursor.skipName()
    var attributes: [String: Value] = [:]
    while attributes.count < DocumentLimits.attributes, cursor.skipSpace() {
      let key = cursor.skipName()
      cursor.skipSpace()
      guard !key.isEmpty, cursor.skip("=") else { break }
      cursor.skipSpace()
      guard let value = cursor.skipQuoted() else { break }
      attributes[String(decoding: bytes[key], as: UTF8.self)] = Value(
        text: String(decoding: bytes[value], as: UTF8.self), range: value)
    }
    self.name = String(decoding: bytes[name], as: UTF8.self)
    self.attributes = attributes
  }
}

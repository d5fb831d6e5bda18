internal import Failure
internal import FileSystem

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

  /// What is wrong with schemas that are used together: those of one name, since nobody can say which of them a prompt
  /// means. All but the first by path have a problem, which names that one: it does not depend on the order in which
  /// documents are given.
  ///
  /// - Parameter sources: documents of any kind. One that is listed twice is no other schema.
  /// - Returns: problems, in the order of `sources`.
  public static func checkNames(of sources: [SourceFile]) -> [Diagnostic] {
    struct Named {
      let source: SourceFile
      let name: String
      let range: Range<Int>
    }
    var files: Set<FilePath> = []
    let schemas = sources.compactMap { source in
      DocumentHead(source)?.schemaName.flatMap { found in
        files.insert(source.path.resolved).inserted ? Named(source: source, name: found.name, range: found.range) : nil
      }
    }
    let first = Dictionary(schemas.map { ($0.name, $0) }) { $0.source.path <= $1.source.path ? $0 : $1 }
    return schemas.compactMap { schema in
      guard let other = first[schema.name], other.source.path != schema.source.path else { return nil }
      return Diagnostic(
        code: .repeatedSchema, file: schema.source.path, range: schema.source.positions(of: schema.range),
        message: "there is a schema \(schema.name.quoted()) in \(other.source.path.quoted) too",
        help: "give one of them another name, or take them one at a time",
        related: [
          Diagnostic.Related(
            file: other.source.path, range: other.source.positions(of: other.range), message: "the other one")
        ])
    }
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

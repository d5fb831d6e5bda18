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
    guard let head = DocumentHead(source), head.name == "schema" else { return nil }
    return head.attributes["name"]
  }

  /// The name of the schema that a prompt is for, so that it can be found; `nil` where the document does not begin as a
  /// prompt does, which `compilePrompt` explains.
  public static func schemaName(ofPrompt source: SourceFile) -> String? {
    guard let head = DocumentHead(source), head.name == "prompt" else { return nil }
    return head.attributes["schema"]
  }
}

/// The first tag of a document, read without looking at the rest.
private struct DocumentHead {
  let name: String
  /// Values as they stand in the file; names, the only ones of use here, hold no references.
  let attributes: [String: String]

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
    var attributes: [String: String] = [:]
    while attributes.count < DocumentLimits.attributes, cursor.skipSpace() {
      let key = cursor.skipName()
      cursor.skipSpace()
      guard !key.isEmpty, cursor.skip("=") else { break }
      cursor.skipSpace()
      guard let value = cursor.skipQuoted() else { break }
      attributes[String(decoding: bytes[key], as: UTF8.self)] = String(decoding: bytes[value], as: UTF8.self)
    }
    self.name = String(decoding: bytes[name], as: UTF8.self)
    self.attributes = attributes
  }
}

public import FileSystem

extension FoundTemplate {
  /// Whether the model was made for turns, each of which has marks around it.
  private var isOfChat: Bool { !template.user.prefix.isEmpty && !template.assistant.suffix.isEmpty }

  /// Warnings for a document that uses roles otherwise than a chat model was trained for.
  public func advice(on uses: RoleUses, in file: FilePath) -> [Diagnostic] {
    guard isOfChat else { return [] }
    var found: [Diagnostic] = []
    if let range = uses.firstTextOutside {
      found.append(
        Diagnostic(
          code: .textOutsideRoles, severity: .warning, file: file, range: range,
          message: "this text stands in no role, and the model was trained on turns",
          help: "put it into `<system>` or `<user>`; in a schema the modules beside it as well"))
    }
    if let range = uses.rootWithoutTurn {
      found.append(
        Diagnostic(
          code: .noUserTurn, severity: .warning, file: file, range: range,
          message: "this prompt does not end in a user's turn, to which a chat model answers",
          help: "put what is asked into `<user>` at its end"))
    }
    return found
  }
}

extension XMLElement {
  /// The first text that stands in no role, as far as it can be seen in the document: that of files is in none if its module is
  /// not.
  var firstTextOutsideRoles: Range<Int>? {
    guard ElementKind(name)?.isRole != true else { return nil }
    if name == ElementKind.module.rawValue, let src = attribute("src") { return src.valueRange }
    for part in content {
      switch part {
      case .text(let text):
        guard !text.isBlank else { continue }
        let blank = text.bytes.prefix(while: \.isXMLSpace).count
        return text.start + blank..<text.start + blank + 1
      case .element(let element):
        if let found = element.firstTextOutsideRoles { return found }
      }
    }
    return nil
  }
}

/// A document that a prompt imports from a library.
public struct ImportedDocument: Hashable, Sendable {
  /// Index of the library among the layout's.
  public let library: Int
  /// Its name in the library.
  public let name: String
  /// Its tokens, run by run.
  public let tokens: [[TokenID]]

  /// A document.
  ///
  /// - Parameters:
  ///   - library: index of the library among the layout's.
  ///   - name: its name in the library.
  ///   - tokens: run by run.
  public init(library: Int, name: String, tokens: [[TokenID]]) {
    self.library = library
    self.name = name
    self.tokens = tokens
  }
}

extension EncodingPlan {
  /// The plan of the same schema with some documents of its libraries, as isolated modules at consecutive positions from
  /// their window's first on, in this order. Indices of all else stay what they are.
  ///
  /// A plan by itself has none of them: prompts import few of many.
  public func importing(_ documents: [ImportedDocument]) -> EncodingPlan {
    guard !documents.isEmpty else { return self }
    var layout = layout
    let first = layout.modules.count
    for document in documents { layout.append(document) }
    var builder = EncodingPlanBuilder(layout, goingOnFrom: self)
    for module in first..<layout.modules.count { builder.encodeDocument(module) }
    return EncodingPlan(builder, of: layout, scaffolded: scaffolded)
  }
}

extension SchemaLayout {
  /// Appends a document behind those of its library that are there.
  fileprivate mutating func append(_ document: ImportedDocument) {
    let library = libraries[document.library]
    let parent = library.module
    let start = modules[parent].content.reduce(library.start) { end, content in
      guard case .module(let child) = content else { return end }
      return max(end, modules[child].start + modules[child].length)
    }
    let index = append(
      Module(
        path: modules[parent].path.appending(document.name), parent: parent, union: nil, attention: .isolated,
        isCached: true, start: start, length: document.tokens.reduce(0) { $0 + $1.count }, content: []))
    modules[parent].content.append(.module(index))
    var end = start
    for (run, tokens) in document.tokens.enumerated() where !tokens.isEmpty {
      modules[index].content.append(.item(.segment(segments.count)))
      segments.append(Segment(kind: .document(run: run), module: index, start: end, tokens: tokens))
      end += tokens.count
    }
  }
}

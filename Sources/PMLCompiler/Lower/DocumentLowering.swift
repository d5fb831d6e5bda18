/// Makes documents of a library's syntax: white space settled, files read once for their identity, and not kept.
struct DocumentLowering<Includes: IncludeReader>: Sendable {
  /// What is to be said of a file of `src`: that it is not taken, or what is odd in it.
  struct Remark: Error {
    let problem: IncludeProblem
    let range: Range<Int>
  }

  /// A document that is taken.
  struct Lowered {
    let document: SourceDocument
    let warning: Remark?
  }

  /// Documents in one task: enough that handing it out costs nothing beside it.
  private static var documentsPerTask: Int { 64 }

  let documents: [ModuleSyntax]
  /// Whether nothing stands in front of the library.
  let isFirst: Bool
  let includes: Includes

  /// Number of tasks that may be done side by side.
  var taskCount: Int { (documents.count + Self.documentsPerTask - 1) / Self.documentsPerTask }

  /// The documents of one task, in order.
  func lower(task: Int) -> [Result<Lowered, Remark>] {
    let start = task * Self.documentsPerTask
    return documents[start..<min(start + Self.documentsPerTask, documents.count)].map(lower)
  }

  private func lower(_ document: ModuleSyntax) -> Result<Lowered, Remark> {
    let nameRange = document.name?.valueRange ?? document.nameRange
    var included: [UInt8] = []
    var warning: Remark?
    if let src = document.src {
      do throws(IncludeProblem) {
        included = try IncludedText.read(src.value, by: includes)
      } catch {
        return .failure(Remark(problem: error, range: src.valueRange))
      }
      warning = IncludedText.oddity(of: included, from: src.value).map { Remark(problem: $0, range: src.valueRange) }
    }
    let text = text(of: document, isFirst: isFirst && included.isEmpty)
    let content = LibraryIdentity.document(SourceLibraries.runs(included, text))
    let lowered = SourceDocument(
      name: document.name?.value ?? "", content: content, src: document.src?.value, text: text, nameRange: nameRange)
    return .success(Lowered(document: lowered, warning: warning))
  }

  private func text(of document: ModuleSyntax, isFirst: Bool) -> TextRun? {
    var bytes: [UInt8] = []
    for case .text(let text) in document.content { bytes += text.settled(isFirst: isFirst).text }
    return bytes.isEmpty ? nil : TextRun(String(decoding: bytes, as: UTF8.self))
  }
}

/// What a phase found wrong, as data; each kind of problem has its words in one place.
protocol Problem: Sendable {
  var report: Report { get }
}

/// The words for a problem.
struct Report {
  let code: Diagnostic.Code
  var severity = Diagnostic.Severity.error
  /// What is wrong: a lower-case clause, the user's own words in backquotes.
  let message: String
  /// What to do about it.
  var help: String?
  /// Other places of the same document to look at.
  var related: [(range: Range<Int>, message: String)] = []
}

/// Collects the problems of one document; gives them in source order, each once.
final class DiagnosticLog {
  /// More than a person reads or a terminal holds; a document of a million errors must not cost gigabytes.
  static let limit = 10_000

  private let source: SourceFile
  private var found: Set<Diagnostic> = []
  private(set) var errorCount = 0
  /// Where characters stand that should have been references.
  private var rawCharacters: [Int] = []

  init(_ source: SourceFile) { self.source = source }

  /// Whether no more are noted: there are as many as there may be, an error among them.
  var isFull: Bool { found.count >= Self.limit && errorCount > 0 }

  /// Notes a character that should have been a reference. What is found later of the place around it is not noted: it may be
  /// wrong for that alone.
  func report(rawCharacter fault: XMLFault) {
    report(fault.problem, at: fault.range)
    rawCharacters.append(fault.range.lowerBound)
  }

  /// Notes a problem with the bytes in `range`.
  func report(_ problem: some Problem, at range: Range<Int>) {
    guard !isFull, !rawCharacters.contains(where: range.contains) else { return }
    let report = problem.report
    if report.severity == .error { errorCount += 1 }
    guard found.count < Self.limit else { return }
    found.insert(
      Diagnostic(
        code: report.code, severity: report.severity, file: source.path, range: source.positions(of: range),
        message: report.message, help: report.help,
        related: report.related.map {
          Diagnostic.Related(file: source.path, range: source.positions(of: $0.range), message: $0.message)
        }))
  }

  /// All of them, by place, then by code.
  var diagnostics: [Diagnostic] { found.inSourceOrder() }
}

extension Collection<Diagnostic> {
  /// By file, by place, then by code.
  public func inSourceOrder() -> [Diagnostic] {
    sorted { left, right in
      if left.file != right.file { return left.file < right.file }
      if left.range.lowerBound != right.range.lowerBound { return left.range.lowerBound < right.range.lowerBound }
      if left.range.upperBound != right.range.upperBound { return left.range.upperBound < right.range.upperBound }
      return (left.code.rawValue, left.message) < (right.code.rawValue, right.message)
    }
  }
}

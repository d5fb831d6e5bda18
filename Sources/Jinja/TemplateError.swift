/// Why a template could not be read or rendered.
public enum TemplateError: Error, Hashable, Sendable {
  /// The template is not one.
  case syntax(String, line: Int)
  /// Rendering came to something that cannot be done.
  case failed(String, line: Int)
  /// The template itself refused, by `raise_exception`.
  case refused(String)
  /// Rendering took more steps than it may.
  case tooManySteps(limit: Int)
  /// What is rendered became longer than it may.
  case tooLong(limit: Int)
}

extension TemplateError: CustomStringConvertible {
  /// What is wrong, as a clause.
  public var description: String {
    switch self {
    case .syntax(let problem, let line), .failed(let problem, let line): "line \(line): \(problem)"
    case .refused(let message): "the template refuses: \(message)"
    case .tooManySteps(let limit): "it does not end within \(limit) steps"
    case .tooLong(let limit): "it writes more than \(limit) characters"
    }
  }
}

/// A problem at a place that whoever catches it knows.
struct Problem: Error {
  let message: String
  init(_ message: String) { self.message = message }
}

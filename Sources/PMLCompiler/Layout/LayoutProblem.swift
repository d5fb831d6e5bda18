/// What is wrong with tokens and positions.
enum LayoutProblem {
  case placeholderTooLong(parameter: String, tokens: Int, length: Int)
  case defaultTooLong(parameter: String, tokens: Int, length: Int)
  case argumentTooLong(parameter: String, tokens: Int, length: Int)
  case schemaTooLong(positions: Int, contextLength: Int)
  case schemaTakesMost(positions: Int, contextLength: Int)
  case newTextDoesNotFit(before: ModulePath, tokens: Int, free: Int)
  case promptTooLong(positions: Int, contextLength: Int)
  case promptEmpty

  func diagnostic(file: String, at range: Range<SourcePosition>?) -> Diagnostic {
    let start = SourcePosition(offset: 0, line: 1, column: 1)
    return Diagnostic(
      code: code, severity: severity, file: file, range: range ?? start..<start, message: message, help: help)
  }

  private var severity: Diagnostic.Severity {
    if case .schemaTakesMost = self { .warning } else { .error }
  }

  private var code: Diagnostic.Code {
    switch self {
    case .placeholderTooLong: .placeholderTooLong
    case .defaultTooLong: .defaultTooLong
    case .argumentTooLong: .argumentTooLong
    case .schemaTooLong: .schemaTooLong
    case .schemaTakesMost: .schemaTakesMost
    case .newTextDoesNotFit: .newTextDoesNotFit
    case .promptTooLong: .promptTooLong
    case .promptEmpty: .promptEmpty
    }
  }

  private var message: String {
    switch self {
    case .placeholderTooLong(let parameter, let tokens, let length):
      "`scaffold` of parameter `\(parameter)` has \(counted(tokens, "token")), its `length` is \(length)"
    case .defaultTooLong(let parameter, let tokens, let length):
      "`default` of parameter `\(parameter)` has \(counted(tokens, "token")), its `length` is \(length)"
    case .argumentTooLong(let parameter, let tokens, let length):
      "argument `\(parameter)` has \(counted(tokens, "token")), its parameter holds \(length)"
    case .schemaTooLong(let positions, let contextLength):
      "the schema takes \(counted(positions, "position")), the model has \(contextLength)"
    case .schemaTakesMost(let positions, let contextLength):
      "the schema takes \(positions) of the model's \(counted(contextLength, "position")), more than half"
    case .newTextDoesNotFit(let module, let tokens, let free):
      "new text before `\(module)` has \(counted(tokens, "token")), but \(counted(free, "position")) \(free == 1 ? "is" : "are") free there"
    case .promptTooLong(let positions, let contextLength):
      "the prompt takes \(counted(positions, "position")), which leaves none of the model's \(contextLength) for an answer"
    case .promptEmpty:
      "the prompt has no tokens, so there is nothing to answer"
    }
  }

  private var help: String? {
    switch self {
    case .placeholderTooLong(_, let tokens, _), .defaultTooLong(_, let tokens, _):
      "shorten the text, or raise `length` to \(tokens)"
    case .argumentTooLong(_, let tokens, _):
      "shorten the text, or raise `length` in the schema to \(tokens)"
    case .schemaTooLong:
      "shorten the text, make modules that exclude each other members of a `<union>`, or take a model with a longer context"
    case .schemaTakesMost:
      "make modules that exclude each other members of a `<union>`: they share their positions"
    case .newTextDoesNotFit:
      "reserve positions with a `<parameter>` in the schema, or put the text after the last reference"
    case .promptTooLong:
      "shorten the new text, or take a model with a longer context"
    case .promptEmpty:
      "add text, or import a module that has some"
    }
  }

}

extension Diagnostic.Code {
  static let placeholderTooLong = Self(rawValue: "PML401")
  static let defaultTooLong = Self(rawValue: "PML402")
  static let schemaTooLong = Self(rawValue: "PML403")
  static let schemaTakesMost = Self(rawValue: "PML404")
  static let argumentTooLong = Self(rawValue: "PML411")
  static let newTextDoesNotFit = Self(rawValue: "PML412")
  static let promptTooLong = Self(rawValue: "PML413")
  static let promptEmpty = Self(rawValue: "PML414")
}

internal import Failure
internal import FileSystem

/// What is wrong with tokens and positions.
enum LayoutProblem: Problem {
  case placeholderTooLong(parameter: String, tokens: Int, length: Int)
  case defaultTooLong(parameter: String, tokens: Int, length: Int)
  case schemaTooLong(positions: Int, contextLength: Int, shares: [PositionShare])
  case layoutTooLong(limit: Int)
  /// Of a module, `nil` for the schema's own text, by itself or together with the modules of a scaffold.
  case textDoesNotFit(of: ModulePath?, tokens: Int, seen: Int, contextLength: Int, together: [ModulePath]?)
  /// A module of a library.
  case documentTooLong(ModulePath, tokens: Int, window: Int)
  case unembeddedToken(TokenID, spelling: String, embedded: Int)
  case schemaTakesMost(positions: Int, contextLength: Int)
  /// A module; `nil` for the schema's own text.
  case unreachable(ModulePath?, contextLength: Int)
  case argumentTooLong(parameter: String, tokens: Int, length: Int)
  case newTextDoesNotFit(before: ModulePath, tokens: Int, free: Int)
  case promptTooLong(positions: Int, ContextLimits, isExtended: Bool, shares: [PositionShare])
  case promptEmpty
  /// Of a library: the modules that a prompt names.
  case windowTooShort(library: ModulePath, modules: Int, tokens: Int, window: Int)

  var report: Report {
    switch self {
    case .placeholderTooLong(let parameter, let tokens, let length):
      Report(
        code: .placeholderTooLong,
        message:
          "`scaffold` of parameter \(parameter.quoted()) has \(counted(tokens, "token")), its `length` is \(length)",
        help: "shorten the text, or raise `length` to \(tokens)")
    case .defaultTooLong(let parameter, let tokens, let length):
      Report(
        code: .defaultTooLong,
        message:
          "`default` of parameter \(parameter.quoted()) has \(counted(tokens, "token")), its `length` is \(length)",
        help: "shorten the text, or raise `length` to \(tokens)")
    case .schemaTooLong(let positions, let contextLength, let shares):
      Report(
        code: .schemaTooLong,
        message: "the schema takes \(counted(positions, "position")), the model has \(contextLength)",
        help: PositionShare.text(of: shares)
          + "shorten the text, make modules that exclude each other members of a `<union>`, take a model with a longer "
          + "context, or leave out `positions=\"fixed\"`: a compact schema may be of any length")
    case .layoutTooLong(let limit):
      Report(
        code: .layoutTooLong, message: "the schema takes more than \(limit) positions",
        help: "lower the `length` of parameters, or make several schemas of it")
    case .textDoesNotFit(let module, let tokens, let seen, let contextLength, let together):
      Report(
        code: .textDoesNotFit,
        message: "a text of \(module.map { "module \($0.description.quoted())" } ?? "the schema itself") has "
          + "\(counted(tokens, "token")), behind \(counted(seen, "token")) that it sees while it is encoded"
          + (together.map { " with \($0.map { $0.description.quoted() }.joined(separator: ", "))" } ?? "")
          + "; the model has \(counted(contextLength, "position"))",
        help: "make several modules of it, shorten it or what it sees, or take a model with a longer context")
    case .documentTooLong(let module, let tokens, let window):
      Report(
        code: .documentTooLong,
        message: "module \(module.description.quoted()) has \(counted(tokens, "token")), the library's `window` is "
          + "\(window)",
        help: "make several modules of it, or raise `window` to \(tokens) or more")
    case .windowTooShort(let library, let modules, let tokens, let window):
      Report(
        code: .windowTooShort,
        message: "\(counted(modules, "module")) of \(library.description.quoted()) together have "
          + "\(counted(tokens, "token")), the library's `window` is \(window)",
        help: "name fewer, or raise `window` in the schema to \(tokens)")
    case .unembeddedToken(let token, let spelling, let embedded):
      Report(
        code: .unembeddedToken,
        message: "the tokenizer makes token \(token), \(spelling.quoted()), of this text, "
          + "but the model has only the tokens below \(embedded)",
        help: "is this the model's own tokenizer? take both from one model, or leave the text out")
    case .schemaTakesMost(let positions, let contextLength):
      Report(
        code: .schemaTakesMost, severity: .warning,
        message: "the schema takes \(positions) of the model's \(counted(contextLength, "position")), more than half",
        help: "make modules that exclude each other members of a `<union>`: they share their positions")
    case .unreachable(let module, let contextLength):
      Report(
        code: .unreachable, severity: .warning,
        message: (module.map { "module \($0.description.quoted())" } ?? "the schema's own text")
          + " takes the last of the model's \(counted(contextLength, "position")), "
          + "so no prompt \(module == nil ? "" : "that imports it ")leaves one for an answer",
        help: "shorten what stands before it, or take a model with a longer context")
    case .argumentTooLong(let parameter, let tokens, let length):
      Report(
        code: .argumentTooLong,
        message: "argument \(parameter.quoted()) has \(counted(tokens, "token")), its parameter holds \(length)",
        help: "shorten the text, or raise `length` in the schema to \(tokens)")
    case .newTextDoesNotFit(let module, let tokens, let free):
      Report(
        code: .newTextDoesNotFit,
        message: "new text before \(module.description.quoted()) has \(counted(tokens, "token")), "
          + "but \(counted(free, "position")) \(free == 1 ? "is" : "are") free there",
        help:
          "reserve positions with a `<parameter>` in the schema, put the text after the last reference, or leave out "
          + "`positions=\"fixed\"`: a compact schema needs no free positions")
    case .promptTooLong(let positions, let limits, let isExtended, let shares):
      if limits.positions(isExtended: isExtended) < limits.length {
        Report(
          code: .promptTooLong,
          message:
            "the prompt takes \(counted(positions, "position")), and the schema's states are made for texts of up "
            + "to \(limits.positions(isExtended: isExtended)), within which the model turns keys by its short factors",
          help: PositionShare.text(of: shares)
            + "put more of the text into the schema, which takes the long factors from "
            + "\(max(limits.positions(isExtended: isExtended) - ContextLimits.reserved, 0)) positions on, or shorten the "
            + "new text")
      } else {
        Report(
          code: .promptTooLong,
          message: "the prompt takes \(counted(positions, "position")), "
            + "which leaves none of the model's \(limits.length) for an answer",
          help: PositionShare.text(of: shares)
            + "leave modules out, shorten the new text, or take a model with a longer context")
      }
    case .promptEmpty:
      Report(
        code: .promptEmpty, message: "the prompt has no tokens, so there is nothing to answer",
        help: "add text, or import a module that has some")
    }
  }
}

extension Problem {
  /// The problem at a place, or at the beginning of a file that is not there.
  func diagnostic(in file: FilePath, at range: Range<SourcePosition>?) -> Diagnostic {
    let start = SourcePosition(offset: 0, line: 1, column: 1)
    let report = report
    return Diagnostic(
      code: report.code, severity: report.severity, file: file, range: range ?? start..<start, message: report.message,
      help: report.help)
  }
}

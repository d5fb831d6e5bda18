/// A part of a template, with the line that it begins on.
struct Statement: Sendable {
  indirect enum Kind: Sendable {
    case text(String)
    case output(Expression)
    case conditional([(condition: Expression, body: [Statement])], otherwise: [Statement])
    case loop(Loop)
    case assignment(Target, Expression)
    /// What the body writes, through filters.
    case capture(Target, [Statement], filters: [(name: String, arguments: Expression.Arguments)])
    case macro(Macro)
    /// A call whose callee may write the body by `caller()`.
    case callBlock(Expression, caller: Macro)
    case filtered([(name: String, arguments: Expression.Arguments)], [Statement])
    /// Names that only the body has.
    case with([(Target, Expression)], [Statement])
    case breakLoop
    case continueLoop
  }

  struct Loop: Sendable {
    let target: Target
    let sequence: Expression
    let condition: Expression?
    let isRecursive: Bool
    let body: [Statement]
    let otherwise: [Statement]
  }

  struct Macro: Sendable {
    let name: String
    let parameters: [(name: String, standard: Expression?)]
    let body: [Statement]
  }

  /// What a value is assigned to.
  indirect enum Target: Sendable {
    case name(String)
    case attribute(String, String)
    case tuple([Target])
  }

  let kind: Kind
  let line: Int
}

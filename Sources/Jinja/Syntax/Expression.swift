/// What has a value.
indirect enum Expression: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(String)
  case name(String)
  case list([Expression])
  case tuple([Expression])
  case mapping([(key: Expression, value: Expression)])
  case attribute(Expression, String)
  case item(Expression, Expression)
  case slice(Expression, start: Expression?, end: Expression?, step: Expression?)
  case call(Expression, Arguments)
  case filter(Expression, String, Arguments)
  case test(Expression, String, Arguments)
  case negative(Expression)
  case positive(Expression)
  case not(Expression)
  case and(Expression, Expression)
  case or(Expression, Expression)
  case arithmetic(Operator, Expression, Expression)
  case concatenation([Expression])
  case comparison(Expression, [(relation: Relation, operand: Expression)])
  case conditional(if: Expression, then: Expression, else: Expression?)

  enum Operator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"
    case power = "**"
  }

  enum Relation: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn, isNotIn
  }

  /// What a call is given.
  struct Arguments: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
    /// A list behind `*`, and a mapping behind `**`.
    var positionalRest: Expression?
    var namedRest: Expression?
  }
}

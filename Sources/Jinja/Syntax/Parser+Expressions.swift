// From the loosest to the tightest, in Jinja's order: `if`, `or`, `and`, `not`, comparisons, `+ -`, `~`, `* / // %`, `**`, signs,
// then attributes, items and calls, then filters and tests.
extension Parser {
  /// One expression, or several with commas between them.
  mutating func expressionOrTuple(hasCondition: Bool = true) throws(TemplateError) -> Expression {
    func one(_ parser: inout Parser) throws(TemplateError) -> Expression {
      hasCondition ? try parser.expression() : try parser.disjunction()
    }
    var items = [try one(&self)]
    var isTuple = false
    while skip(.symbol(",")) {
      isTuple = true
      if isAtEndOfTuple { break }
      items.append(try one(&self))
    }
    return isTuple ? .tuple(items) : items[0]
  }

  private var isAtEndOfTuple: Bool {
    switch current {
    case .blockEnd?, .variableEnd?, .symbol(")")?, .name("in")?, .name("if")?, .name("recursive")?, nil: true
    default: false
    }
  }

  mutating func expression() throws(TemplateError) -> Expression {
    try nested { (parser) throws(TemplateError) in
      var value = try parser.disjunction()
      while parser.skip(.name("if")) {
        try parser.chain()
        let condition = try parser.disjunction()
        let otherwise = parser.skip(.name("else")) ? try parser.expression() : nil
        value = .conditional(if: condition, then: value, else: otherwise)
      }
      return value
    }
  }

  mutating func disjunction() throws(TemplateError) -> Expression {
    var value = try conjunction()
    while skip(.name("or")) {
      try chain()
      value = .or(value, try conjunction())
    }
    return value
  }

  private mutating func conjunction() throws(TemplateError) -> Expression {
    var value = try negation()
    while skip(.name("and")) {
      try chain()
      value = .and(value, try negation())
    }
    return value
  }

  private mutating func negation() throws(TemplateError) -> Expression {
    guard skip(.name("not")) else { return try comparison() }
    return try nested { (parser) throws(TemplateError) in .not(try parser.negation()) }
  }

  private mutating func comparison() throws(TemplateError) -> Expression {
    let first = try sum()
    var rest: [(relation: Expression.Relation, operand: Expression)] = []
    let symbols: [String: Expression.Relation] = [
      "==": .equal, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
    ]
    while true {
      if case .symbol(let symbol)? = current, let relation = symbols[symbol] {
        advance()
        rest.append((relation, try sum()))
      } else if skip(.name("in")) {
        rest.append((.isIn, try sum()))
      } else if current == .name("not"), look(1) == .name("in") {
        advance()
        advance()
        rest.append((.isNotIn, try sum()))
      } else {
        return rest.isEmpty ? first : .comparison(first, rest)
      }
    }
  }

  private mutating func sum() throws(TemplateError) -> Expression {
    var value = try concatenation()
    while case .symbol(let symbol)? = current, symbol == "+" || symbol == "-" {
      advance()
      try chain()
      value = .arithmetic(symbol == "+" ? .add : .subtract, value, try concatenation())
    }
    return value
  }

  private mutating func concatenation() throws(TemplateError) -> Expression {
    var parts = [try product()]
    while skip(.symbol("~")) { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func product() throws(TemplateError) -> Expression {
    var value = try power()
    while case .symbol(let symbol)? = current, ["*", "/", "//", "%"].contains(symbol),
      let operation = Expression.Operator(rawValue: symbol)
    {
      advance()
      try chain()
      value = .arithmetic(operation, value, try power())
    }
    return value
  }

  private mutating func power() throws(TemplateError) -> Expression {
    var value = try signed()
    while skip(.symbol("**")) {
      try chain()
      value = .arithmetic(.power, value, try signed())
    }
    return value
  }

  private mutating func signed(hasFilters: Bool = true) throws(TemplateError) -> Expression {
    try nested { (parser) throws(TemplateError) in
      var value: Expression
      if parser.skip(.symbol("-")) {
        value = .negative(try parser.signed(hasFilters: false))
      } else if parser.skip(.symbol("+")) {
        value = .positive(try parser.signed(hasFilters: false))
      } else {
        value = try parser.primary()
      }
      value = try parser.postfix(value)
      return hasFilters ? try parser.filtersAndTests(value) : value
    }
  }

  private mutating func primary() throws(TemplateError) -> Expression {
    guard let token = current else { throw failure("expected an expression, found the template's end") }
    switch token {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .bool(true)
      case "false", "False": return .bool(false)
      case "none", "None": return .none
      default: return .name(name)
      }
    case .text(var text):
      advance()
      while case .text(let more)? = current {
        text += more
        advance()
      }
      return .text(text)
    case .int(let value):
      advance()
      return .int(value)
    case .double(let value):
      advance()
      return .double(value)
    case .symbol("("):
      advance()
      if skip(.symbol(")")) { return .tuple([]) }
      let inner = try expressionOrTuple()
      try expect(.symbol(")"))
      return inner
    case .symbol("["):
      advance()
      var items: [Expression] = []
      while !skip(.symbol("]")) {
        if !items.isEmpty { try expect(.symbol(",")) }
        if skip(.symbol("]")) { break }
        items.append(try expression())
      }
      return .list(items)
    case .symbol("{"):
      advance()
      var pairs: [(key: Expression, value: Expression)] = []
      while !skip(.symbol("}")) {
        if !pairs.isEmpty { try expect(.symbol(",")) }
        if skip(.symbol("}")) { break }
        let key = try expression()
        try expect(.symbol(":"))
        pairs.append((key, try expression()))
      }
      return .mapping(pairs)
    default: throw failure("expected an expression, found \(token.shown)")
    }
  }

  private mutating func postfix(_ value: Expression) throws(TemplateError) -> Expression {
    var value = value
    while true {
      switch current {
      case .symbol(".")?, .symbol("[")?, .symbol("(")?: try chain()
      default: return value
      }
      switch current {
      case .symbol(".")?:
        advance()
        if case .int(let index)? = current {
          advance()
          value = .item(value, .int(index))
        } else {
          value = .attribute(value, try expectName())
        }
      case .symbol("[")?:
        advance()
        value = try subscripted(value)
        try expect(.symbol("]"))
      default: value = .call(value, try arguments())
      }
    }
  }

  private mutating func subscripted(_ value: Expression) throws(TemplateError) -> Expression {
    func part(_ parser: inout Parser) throws(TemplateError) -> Expression? {
      switch parser.current {
      case .symbol(":")?, .symbol("]")?: nil
      default: try parser.expression()
      }
    }
    let start = try part(&self)
    guard skip(.symbol(":")) else {
      guard let start else { throw failure("a subscript is empty") }
      return .item(value, start)
    }
    let end = try part(&self)
    let step = skip(.symbol(":")) ? try part(&self) : nil
    return .slice(value, start: start, end: end, step: step)
  }

  private mutating func filtersAndTests(_ value: Expression) throws(TemplateError) -> Expression {
    var value = value
    while true {
      if skip(.symbol("|")) {
        try chain()
        let name = try expectName()
        value = .filter(value, name, current == .symbol("(") ? try arguments() : Expression.Arguments())
      } else if skip(.name("is")) {
        try chain()
        let isNegated = skip(.name("not"))
        let name = try expectName()
        let test = Expression.test(value, name, try testArguments())
        value = isNegated ? .not(test) : test
      } else if current == .symbol("(") {
        try chain()
        value = .call(value, try arguments())
      } else {
        return value
      }
    }
  }

  /// A test's arguments in brackets, or one without.
  private mutating func testArguments() throws(TemplateError) -> Expression.Arguments {
    switch current {
    case .symbol("(")?: return try arguments()
    case .name(let name)? where !["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(name): break
    case .text?, .int?, .double?, .symbol("[")?, .symbol("{")?: break
    default: return Expression.Arguments()
    }
    return Expression.Arguments(positional: [try postfix(try primary())])
  }

  mutating func arguments() throws(TemplateError) -> Expression.Arguments {
    try expect(.symbol("("))
    var arguments = Expression.Arguments()
    var isFirst = true
    while !skip(.symbol(")")) {
      if !isFirst { try expect(.symbol(",")) }
      if skip(.symbol(")")) { break }
      isFirst = false
      if skip(.symbol("*")) {
        arguments.positionalRest = try expression()
      } else if skip(.symbol("**")) {
        arguments.namedRest = try expression()
      } else if case .name(let name)? = current, look(1) == .symbol("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty, arguments.positionalRest == nil, arguments.namedRest == nil else {
          throw failure("an argument without a name follows one with a name")
        }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }
}

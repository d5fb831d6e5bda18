/// Makes statements of tokens.
struct Parser {
  private let tokens: [(token: Token, line: Int)]
  private var index = 0
  private var depth = 0
  /// Templates nest a few levels; this keeps a hostile one from the end of the stack.
  private static let maximumDepth = 100
  /// Operators and parts in a row of the expression at hand. A tree of them is as deep as there are, and evaluated and freed by recursion.
  private var chainLength = 0
  private static let longestChain = 500

  init(_ source: String) throws(TemplateError) {
    var lexer = Lexer(source)
    try lexer.run()
    tokens = lexer.tokens
  }

  mutating func parse() throws(TemplateError) -> [Statement] {
    let body = try statements(until: [])
    if let name = peekedBlockName { throw failure("`\(name)` ends nothing") }
    return body
  }

  // MARK: Tokens

  var current: Token? { index < tokens.count ? tokens[index].token : nil }
  var line: Int { index < tokens.count ? tokens[index].line : tokens.last?.line ?? 1 }

  func failure(_ message: String) -> TemplateError { .syntax(message, line: line) }

  func look(_ offset: Int) -> Token? { index + offset < tokens.count ? tokens[index + offset].token : nil }

  mutating func advance() { index += 1 }

  mutating func skip(_ token: Token) -> Bool {
    guard current == token else { return false }
    index += 1
    return true
  }

  mutating func expect(_ token: Token) throws(TemplateError) {
    guard skip(token) else {
      throw failure("expected \(token.shown), found \(current?.shown ?? "the template's end")")
    }
  }

  mutating func expectName() throws(TemplateError) -> String {
    guard case .name(let name)? = current else {
      throw failure("expected a name, found \(current?.shown ?? "the template's end")")
    }
    index += 1
    return name
  }

  /// Counts one more operator, part, call, filter or test of the expression at hand.
  mutating func chain() throws(TemplateError) {
    chainLength += 1
    guard chainLength <= Self.longestChain else {
      throw failure("an expression has more than \(Self.longestChain) operators")
    }
  }

  /// Runs `body` one level deeper.
  mutating func nested<R>(_ body: (inout Parser) throws(TemplateError) -> R) throws(TemplateError) -> R {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw failure("it nests more than \(Self.maximumDepth) deep") }
    return try body(&self)
  }

  // MARK: Statements

  private var peekedBlockName: String? {
    guard current == .blockBegin, case .name(let name)? = look(1) else { return nil }
    return name
  }

  /// Statements up to a block of one of these names, whose beginning and name stay.
  private mutating func statements(until ends: Set<String>) throws(TemplateError) -> [Statement] {
    try nested { (parser) throws(TemplateError) in
      var statements: [Statement] = []
      while let token = parser.current {
        let line = parser.line
        parser.chainLength = 0
        switch token {
        case .data(let text):
          parser.advance()
          statements.append(Statement(kind: .text(text), line: line))
        case .variableBegin:
          parser.advance()
          let value = try parser.expressionOrTuple()
          try parser.expect(.variableEnd)
          statements.append(Statement(kind: .output(value), line: line))
        case .blockBegin:
          guard let name = parser.peekedBlockName else { throw parser.failure("a block needs a name") }
          if ends.contains(name) || name.hasPrefix("end") || ["else", "elif"].contains(name) { return statements }
          parser.advance()
          parser.advance()
          statements.append(contentsOf: try parser.block(name).map { Statement(kind: $0, line: line) })
        default: throw parser.failure("unexpected \(token.shown)")
        }
      }
      return statements
    }
  }

  /// A body and the block that ends it, of one of `ends`.
  private mutating func body(until ends: Set<String>) throws(TemplateError) -> (statements: [Statement], end: String) {
    let body = try statements(until: ends)
    guard let name = peekedBlockName, ends.contains(name) else {
      throw failure("`\(ends.sorted().joined(separator: "` or `"))` is missing")
    }
    advance()
    advance()
    return (body, name)
  }

  private mutating func plainBody(until end: String) throws(TemplateError) -> [Statement] {
    try expect(.blockEnd)
    let statements = try body(until: [end]).statements
    try expect(.blockEnd)
    return statements
  }

  /// The statement of the block called `name`, with its end.
  private mutating func block(_ name: String) throws(TemplateError) -> [Statement.Kind] {
    switch name {
    case "if": return [try conditional()]
    case "for": return [try loop()]
    case "set": return [try assignment()]
    case "macro":
      let macroName = try expectName()
      let parameters = try self.parameters()
      return [.macro(Statement.Macro(name: macroName, parameters: parameters, body: try plainBody(until: "endmacro")))]
    case "call":
      let parameters = current == .symbol("(") ? try self.parameters() : []
      let callee = try expression()
      return [
        .callBlock(
          callee, caller: Statement.Macro(name: "caller", parameters: parameters, body: try plainBody(until: "endcall"))
        )
      ]
    case "filter":
      let filters = try filterChain()
      return [.filtered(filters, try plainBody(until: "endfilter"))]
    case "with":
      var pairs: [(Statement.Target, Expression)] = []
      while current != .blockEnd {
        if !pairs.isEmpty { try expect(.symbol(",")) }
        let target = try target()
        try expect(.symbol("="))
        pairs.append((target, try expression()))
      }
      return [.with(pairs, try plainBody(until: "endwith"))]
    case "generation":
      // Marks what a training's loss counts; it writes its body.
      return [.with([], try plainBody(until: "endgeneration"))]
    case "break", "continue":
      try expect(.blockEnd)
      return [name == "break" ? .breakLoop : .continueLoop]
    default: throw failure("there is no block `\(name)` in chat templates")
    }
  }

  private mutating func conditional() throws(TemplateError) -> Statement.Kind {
    var branches: [(condition: Expression, body: [Statement])] = []
    while true {
      let condition = try expressionOrTuple()
      try expect(.blockEnd)
      let (body, end) = try body(until: ["elif", "else", "endif"])
      branches.append((condition, body))
      if end == "elif" { continue }
      try expect(.blockEnd)
      guard end == "else" else { return .conditional(branches, otherwise: []) }
      let otherwise = try self.body(until: ["endif"]).statements
      try expect(.blockEnd)
      return .conditional(branches, otherwise: otherwise)
    }
  }

  private mutating func loop() throws(TemplateError) -> Statement.Kind {
    let target = try targets()
    try expect(.name("in"))
    let sequence = try expressionOrTuple(hasCondition: false)
    let condition = skip(.name("if")) ? try expression() : nil
    let isRecursive = skip(.name("recursive"))
    try expect(.blockEnd)
    let (body, end) = try body(until: ["else", "endfor"])
    try expect(.blockEnd)
    var otherwise: [Statement] = []
    if end == "else" {
      otherwise = try self.body(until: ["endfor"]).statements
      try expect(.blockEnd)
    }
    return .loop(
      Statement.Loop(
        target: target, sequence: sequence, condition: condition, isRecursive: isRecursive, body: body,
        otherwise: otherwise))
  }

  private mutating func assignment() throws(TemplateError) -> Statement.Kind {
    let target = try targets()
    if skip(.symbol("=")) {
      let value = try expressionOrTuple()
      try expect(.blockEnd)
      return .assignment(target, value)
    }
    let filters = skip(.symbol("|")) ? try filterChain() : []
    return .capture(target, try plainBody(until: "endset"), filters: filters)
  }

  private mutating func targets() throws(TemplateError) -> Statement.Target {
    var targets = [try target()]
    var isTuple = false
    while skip(.symbol(",")) {
      isTuple = true
      guard current != .name("in"), current != .symbol("=") else { break }
      targets.append(try target())
    }
    return isTuple ? .tuple(targets) : targets[0]
  }

  private mutating func target() throws(TemplateError) -> Statement.Target {
    if skip(.symbol("(")) {
      let inner = try nested { (parser) throws(TemplateError) in try parser.targets() }
      try expect(.symbol(")"))
      return inner
    }
    let name = try expectName()
    guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
      throw failure("`\(name)` cannot be assigned to")
    }
    return skip(.symbol(".")) ? .attribute(name, try expectName()) : .name(name)
  }

  private mutating func parameters() throws(TemplateError) -> [(name: String, standard: Expression?)] {
    try expect(.symbol("("))
    var parameters: [(name: String, standard: Expression?)] = []
    while !skip(.symbol(")")) {
      if !parameters.isEmpty { try expect(.symbol(",")) }
      if skip(.symbol(")")) { break }
      let name = try expectName()
      parameters.append((name, skip(.symbol("=")) ? try expression() : nil))
    }
    return parameters
  }

  private mutating func filterChain() throws(TemplateError) -> [(name: String, arguments: Expression.Arguments)] {
    var filters: [(name: String, arguments: Expression.Arguments)] = []
    repeat {
      let name = try expectName()
      filters.append((name, current == .symbol("(") ? try arguments() : Expression.Arguments()))
    } while skip(.symbol("|"))
    return filters
  }
}

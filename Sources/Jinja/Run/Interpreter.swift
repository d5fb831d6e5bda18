/// Renders one template once.
final class Interpreter {
  private enum Flow { case next, breakLoop, continueLoop }

  private let limits: RenderingLimits
  private var steps = 0
  private var callDepth = 0
  /// How deep statements and expressions are in each other, through calls too.
  private var depth = 0
  /// What refers to itself, or makes long chains. It is emptied at the end, or it would never be freed, or only by a recursion that
  /// ends the stack.
  private var kept: [any Clearable] = []
  private var written = TracedText("")
  let root = Scope(inside: nil)
  /// The line that problems are reported on.
  private var line = 1

  /// Macros call each other a few levels deep; this keeps a hostile template from the end of the stack.
  private static let maximumCallDepth = 60

  /// How deep a value may be.
  private static let maximumDepth = 100

  /// How deep statements and expressions may be in each other while they run; half a megabyte of stack is enough for it.
  private static let maximumNesting = 150

  init(limits: RenderingLimits) { self.limits = limits }

  func run(_ statements: [Statement]) throws(TemplateError) -> TracedText {
    defer {
      for object in kept { object.clear() }
      root.clear()
    }
    do {
      _ = try execute(statements, in: root)
      return written
    } catch let error as TemplateError {
      throw error
    } catch let problem as Problem {
      // A clause about the last thing named in it ends in a comma.
      throw .failed(problem.message.hasSuffix(",") ? String(problem.message.dropLast()) : problem.message, line: line)
    } catch {
      throw .failed("\(error)", line: line)
    }
  }

  /// Counts work, so that no template goes on for ever.
  func charge(_ count: Int = 1) throws {
    steps += count
    guard steps <= limits.steps else { throw TemplateError.tooManySteps(limit: limits.steps) }
  }

  /// Counts looking at the first level of `value`.
  func charge(lookingAt value: Value) throws {
    if let count = value.elementCount { try charge(count / 16) }
  }

  /// Counts going through all of `value`, before that is done.
  func charge(goingThrough value: Value, depth: Int = 0) throws {
    try charge()
    guard depth < Self.maximumDepth else { throw Problem("a value nests too deep") }
    switch value {
    case .text(let text): try charge(text.count / 16)
    case .list(let items), .tuple(let items): for item in items { try charge(goingThrough: item, depth: depth + 1) }
    case .mapping(let mapping):
      for (key, value) in mapping.pairs {
        try charge(goingThrough: key, depth: depth + 1)
        try charge(goingThrough: value, depth: depth + 1)
      }
    default: break
    }
  }

  /// Empties `object` when rendering ends.
  func keep(_ object: any Clearable) { kept.append(object) }

  /// Goes one level deeper; `leave` comes back.
  func enter() throws {
    depth += 1
    guard depth <= Self.maximumNesting else { throw Problem("it nests more than \(Self.maximumNesting) deep") }
  }

  func leave() { depth -= 1 }

  /// Counts the making of `value`.
  func charged(_ value: Value) throws -> Value {
    switch value {
    case .text(let text): try charge(text.count / 16)
    case .list(let items), .tuple(let items): try charge(items.count / 4)
    case .mapping(let mapping): try charge(mapping.pairs.count / 4)
    default: break
    }
    return value
  }

  private func write(_ text: TracedText) throws {
    guard written.count + text.count <= limits.characters else { throw TemplateError.tooLong(limit: limits.characters) }
    try charge(text.count / 16)
    written.append(text)
  }

  /// What `body` writes.
  private func capture(_ body: () throws -> Void) throws -> TracedText {
    let outer = written
    written = TracedText("")
    defer { written = outer }
    try body()
    return written
  }

  // MARK: Statements

  private func execute(_ statements: [Statement], in scope: Scope) throws -> Flow {
    for statement in statements {
      try charge()
      line = statement.line
      defer { leave() }
      try enter()
      let flow = try execute(statement.kind, in: scope)
      if flow != .next { return flow }
    }
    return .next
  }

  private func execute(_ statement: Statement.Kind, in scope: Scope) throws -> Flow {
    switch statement {
    case .text(let text): try write(TracedText(text))
    case .output(let expression):
      let value = try evaluate(expression, in: scope)
      try charge(goingThrough: value)
      try write(value.written)
    case .conditional(let branches, let otherwise):
      for (condition, body) in branches where try evaluate(condition, in: scope).isTrue {
        return try execute(body, in: scope)
      }
      return try execute(otherwise, in: scope)
    case .loop(let loop): try run(loop, over: try evaluate(loop.sequence, in: scope), depth: 0, in: scope)
    case .assignment(let target, let expression): try assign(try evaluate(expression, in: scope), to: target, in: scope)
    case .capture(let target, let body, let filters):
      let text = try capture { _ = try execute(body, in: Scope(inside: scope)) }
      try assign(try apply(filters, to: .text(text), in: scope), to: target, in: scope)
    case .macro(let macro): scope.set(macro.name, to: .function(function(of: macro, in: scope)))
    case .callBlock(let callee, let caller): try write(try call(callee, caller: caller, in: scope).written)
    case .filtered(let filters, let body):
      let text = try capture { _ = try execute(body, in: Scope(inside: scope)) }
      try write(try apply(filters, to: .text(text), in: scope).written)
    case .with(let pairs, let body):
      let inner = Scope(inside: scope)
      for (target, value) in pairs { try assign(try evaluate(value, in: scope), to: target, in: inner) }
      return try execute(body, in: inner)
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .next
  }

  private func apply(
    _ filters: [(name: String, arguments: Expression.Arguments)], to value: Value, in scope: Scope
  ) throws -> Value {
    try filters.reduce(value) { try filter($1.name, $0, try arguments($1.arguments, in: scope)) }
  }

  private func assign(_ value: Value, to target: Statement.Target, in scope: Scope) throws {
    // A value put into itself again and again would be too deep to be gone through, or even freed.
    try charge(goingThrough: value)
    if case .function(let function) = value, function.isMethod { throw Problem("a method cannot be given a name") }
    switch target {
    case .name(let name): scope.set(name, to: value)
    case .attribute(let name, let member):
      guard case .namespace(let namespace)? = scope.value(of: name) else {
        throw Problem("only a namespace's attributes can be assigned to, and `\(name)` is none")
      }
      namespace.members[member] = value
    case .tuple(let targets):
      let items = try value.requiredElements()
      guard items.count == targets.count else { throw Problem("\(items.count) values for \(targets.count) names") }
      for (target, item) in zip(targets, items) { try assign(item, to: target, in: scope) }
    }
  }

  private func run(_ loop: Statement.Loop, over sequence: Value, depth: Int, in scope: Scope) throws {
    try charge((sequence.elementCount ?? 0) / 4)
    var items = try sequence.requiredElements()
    if let condition = loop.condition {
      items = try items.filter { item in
        let inner = Scope(inside: scope)
        try assign(item, to: loop.target, in: inner)
        return try evaluate(condition, in: inner).isTrue
      }
    }
    guard !items.isEmpty else {
      _ = try execute(loop.otherwise, in: Scope(inside: scope))
      return
    }
    let recursion = Function("loop") { interpreter, arguments in
      let inner = try arguments.required(0, "iterable")
      return .text(
        try interpreter.nestedCall {
          try interpreter.capture { try interpreter.run(loop, over: inner, depth: depth + 1, in: scope) }
        })
    }
    var state = LoopState(items, depth: depth, recursion: loop.isRecursive ? recursion : nil)
    defer { if !isKnownUniquelyReferenced(&state) { keep(state) } }
    for (index, item) in items.enumerated() {
      try charge()
      state.index = index
      let inner = Scope(inside: scope)
      inner.set("loop", to: .loop(state))
      try assign(item, to: loop.target, in: inner)
      if try execute(loop.body, in: inner) == .breakLoop { break }
    }
  }

  // MARK: Calls

  /// Runs `body` one call deeper.
  func nestedCall<R>(_ body: () throws -> R) throws -> R {
    callDepth += 1
    defer { callDepth -= 1 }
    guard callDepth <= Self.maximumCallDepth else {
      throw Problem("calls nest more than \(Self.maximumCallDepth) deep")
    }
    return try body()
  }

  private func function(of macro: Statement.Macro, in scope: Scope) -> Function {
    keep(scope)
    return Function(macro.name) { interpreter, arguments in
      try interpreter.nestedCall {
        let inner = Scope(inside: scope)
        var named = arguments.named
        for (index, parameter) in macro.parameters.enumerated() {
          if index < arguments.positional.count {
            inner.set(parameter.name, to: arguments.positional[index])
          } else if let place = named.firstIndex(where: { $0.name == parameter.name }) {
            inner.set(parameter.name, to: named.remove(at: place).value)
          } else if let standard = parameter.standard {
            inner.set(parameter.name, to: try interpreter.evaluate(standard, in: inner))
          } else {
            inner.set(parameter.name, to: .undefined(parameter.name))
          }
        }
        if let place = named.firstIndex(where: { $0.name == "caller" }) {
          inner.set("caller", to: named.remove(at: place).value)
        }
        inner.set("varargs", to: .tuple(Array(arguments.positional.dropFirst(macro.parameters.count))))
        inner.set("kwargs", to: .mapping(Mapping(named.map { (.string($0.name), $0.value) })))
        return .text(try interpreter.capture { _ = try interpreter.execute(macro.body, in: inner) })
      }
    }
  }

  private func call(_ callee: Expression, caller: Statement.Macro, in scope: Scope) throws -> Value {
    guard case .call(let function, let given) = callee else { throw Problem("`call` needs a call") }
    var arguments = try arguments(given, in: scope)
    arguments.named.append(("caller", .function(self.function(of: caller, in: scope))))
    return try call(try evaluate(function, in: scope), arguments)
  }

  func call(_ callee: Value, _ arguments: CallArguments) throws -> Value {
    try charge()
    for argument in arguments.positional { try charge(lookingAt: argument) }
    switch callee {
    case .function(let function): return try charged(try function.body(self, arguments))
    case .loop(let loop):
      guard let recursion = loop.recursion else { throw Problem("the loop is not recursive") }
      return try recursion.body(self, arguments)
    default: throw Problem("\(callee.kind) cannot be called")
    }
  }

  func arguments(_ given: Expression.Arguments, in scope: Scope) throws -> CallArguments {
    var arguments = CallArguments()
    arguments.positional = try given.positional.map { try evaluate($0, in: scope) }
    arguments.named = try given.named.map { ($0.name, try evaluate($0.value, in: scope)) }
    if let rest = given.positionalRest {
      arguments.positional += try evaluate(rest, in: scope).requiredElements()
    }
    if let rest = given.namedRest {
      guard case .mapping(let mapping) = try evaluate(rest, in: scope) else { throw Problem("`**` needs a mapping") }
      for (key, value) in mapping.pairs {
        let name = key.written
        // Names come back as text that is the template's, by `kwargs` or `dict`.
        guard !name.holdsMessage else { throw Problem("a message cannot be an argument's name") }
        arguments.named.append((name.text, value))
      }
    }
    return arguments
  }
}

/// How much a template may do.
public struct RenderingLimits: Sendable {
  /// Steps: statements, values, and every few characters.
  public var steps: Int
  /// Characters that it writes.
  public var characters: Int

  /// Limits that end any template within about a second.
  public init(steps: Int = 1_000_000, characters: Int = 16 << 20) {
    self.steps = steps
    self.characters = characters
  }
}

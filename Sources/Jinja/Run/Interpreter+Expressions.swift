extension Interpreter {
  func evaluate(_ expression: Expression, in scope: Scope) throws -> Value {
    try charge()
    defer { leave() }
    try enter()
    return try value(of: expression, in: scope)
  }

  private func value(of expression: Expression, in scope: Scope) throws -> Value {
    switch expression {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .text(let text): return try charged(.string(text))
    case .name(let name): return scope.value(of: name) ?? .undefined(name)
    case .list(let items): return .list(try items.map { try evaluate($0, in: scope) })
    case .tuple(let items): return .tuple(try items.map { try evaluate($0, in: scope) })
    case .mapping(let pairs):
      var mapping = Mapping()
      for (key, value) in pairs { try mapping.set(try evaluate(key, in: scope), to: try evaluate(value, in: scope)) }
      return .mapping(mapping)
    case .attribute(let object, let name): return try attribute(name, of: try evaluate(object, in: scope))
    case .item(let object, let key):
      return try item(try evaluate(key, in: scope), of: try evaluate(object, in: scope))
    case .slice(let object, let start, let end, let step):
      func bound(_ expression: Expression?) throws -> Int? {
        guard let value = try expression.map({ try evaluate($0, in: scope) }) else { return nil }
        if case .none = value { return nil }
        return try value.integer("a slice's bound")
      }
      let value = try evaluate(object, in: scope)
      return try charged(try slice(value, from: try bound(start), to: try bound(end), by: try bound(step) ?? 1))
    case .call(let callee, let given):
      return try call(try evaluate(callee, in: scope), try arguments(given, in: scope))
    case .filter(let value, let name, let given):
      return try charged(try filter(name, try evaluate(value, in: scope), try arguments(given, in: scope)))
    case .test(let value, let name, let given):
      return .bool(try test(name, try evaluate(value, in: scope), try arguments(given, in: scope)))
    case .negative(let value): return try evaluate(value, in: scope).negated
    case .positive(let value):
      let value = try evaluate(value, in: scope)
      guard value.number != nil else { throw Problem("`+` does not go before \(value.kind)") }
      return value
    case .not(let value): return .bool(!(try evaluate(value, in: scope).isTrue))
    case .and(let left, let right):
      let value = try evaluate(left, in: scope)
      return value.isTrue ? try evaluate(right, in: scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, in: scope)
      return value.isTrue ? value : try evaluate(right, in: scope)
    case .arithmetic(let operation, let left, let right):
      let (left, right) = (try evaluate(left, in: scope), try evaluate(right, in: scope))
      if operation == .remainder { try charge(goingThrough: right) }
      return try charged(try left.applying(operation, to: right))
    case .concatenation(let parts):
      return try charged(.text(try parts.map { try evaluate($0, in: scope).written }.joined(by: TracedText(""))))
    case .comparison(let first, let rest):
      var left = try evaluate(first, in: scope)
      for (relation, operand) in rest {
        let right = try evaluate(operand, in: scope)
        guard try holds(relation, left, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let condition, let value, let otherwise):
      if try evaluate(condition, in: scope).isTrue { return try evaluate(value, in: scope) }
      return try otherwise.map { try evaluate($0, in: scope) } ?? .undefined("")
    }
  }

  private func holds(_ relation: Expression.Relation, _ left: Value, _ right: Value) throws -> Bool {
    try charge(goingThrough: left)
    try charge(goingThrough: right)
    switch relation {
    case .equal: return left.equals(right)
    case .notEqual: return !left.equals(right)
    case .less: return try left.isLess(than: right)
    case .greater: return try right.isLess(than: left)
    case .lessOrEqual: return try left.isLess(than: right) || left.equals(right)
    case .greaterOrEqual: return try right.isLess(than: left) || left.equals(right)
    case .isIn: return try left.isIn(right)
    case .isNotIn: return !(try left.isIn(right))
    }
  }

  // MARK: Parts of values

  /// What `object.name` is: a method, else an item.
  func attribute(_ name: String, of object: Value) throws -> Value {
    // What begins so is out of a template's reach, as in Jinja's sandbox.
    if name.hasPrefix("_") { return .undefined(name) }
    switch object {
    case .undefined: throw Problem("\(object.kind) has no `\(name)`")
    case .namespace(let namespace): return namespace.members[name] ?? .undefined(name)
    case .loop(let loop): return loop.attribute(name) ?? .undefined("loop.\(name)")
    case .text(let text):
      if let method = text.method(name) { return .function(method) }
    case .mapping(let mapping):
      if let method = mapping.method(name) { return .function(method) }
      return mapping[.string(name)] ?? .undefined(name)
    case .list(let items), .tuple(let items):
      if let method = Value.method(name, ofItems: items) {
        try charge(goingThrough: object)
        return .function(method)
      }
    default: break
    }
    return .undefined(name)
  }

  /// What `object[key]` is: an item, else a method.
  func item(_ key: Value, of object: Value) throws -> Value {
    try charge(lookingAt: key)
    switch (object, key) {
    case (.undefined, _): throw Problem("\(object.kind) has no items")
    case (.mapping(let mapping), _):
      if let value = mapping[key] { return value }
    case (.list(let items), .int), (.list(let items), .bool), (.tuple(let items), .int), (.tuple(let items), .bool):
      return place(try key.integer("an index"), items.count).map { items[$0] } ?? .undefined("")
    case (.text(let text), .int), (.text(let text), .bool):
      return place(try key.integer("an index"), text.count).map { .text(TracedText([text.marks[$0]])) }
        ?? .undefined("")
    default: break
    }
    guard case .text(let name) = key else { return .undefined("") }
    return try attribute(name.text, of: object)
  }

  private func place(_ index: Int, _ count: Int) -> Int? {
    let place = index < 0 ? index + count : index
    return (0..<count).contains(place) ? place : nil
  }

  private func slice(_ value: Value, from start: Int?, to end: Int?, by step: Int) throws -> Value {
    func taken<T>(_ items: [T]) throws -> [T] {
      guard step != 0 else { throw Problem("a slice's step is 0") }
      let count = items.count
      func clamped(_ bound: Int, _ low: Int, _ high: Int) -> Int {
        min(max(bound < 0 ? bound + count : bound, low), high)
      }
      if step > 0 {
        let (first, last) = (start.map { clamped($0, 0, count) } ?? 0, end.map { clamped($0, 0, count) } ?? count)
        return first < last ? stride(from: first, to: last, by: step).map { items[$0] } : []
      }
      let (first, last) = (
        start.map { clamped($0, -1, count - 1) } ?? count - 1, end.map { clamped($0, -1, count - 1) } ?? -1
      )
      return first > last ? stride(from: first, to: last, by: step).map { items[$0] } : []
    }
    switch value {
    case .text(let text): return .text(TracedText(try taken(text.marks)))
    case .list(let items): return .list(try taken(items))
    case .tuple(let items): return .tuple(try taken(items))
    default: throw Problem("\(value.kind) cannot be sliced")
    }
  }
}

extension Value {
  /// How many elements it has, without making them.
  var elementCount: Int? {
    switch self {
    case .undefined: 0
    case .text(let text): text.count
    case .list(let items), .tuple(let items): items.count
    case .mapping(let mapping): mapping.pairs.count
    default: nil
    }
  }
}

extension Interpreter {
  /// Whether `value is name(arguments)`.
  func test(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Bool {
    func other() throws -> Value { try arguments.required(0, "other") }
    for argument in arguments.positional {
      try charge(goingThrough: value)
      try charge(goingThrough: argument)
    }
    if name == "lower" || name == "upper" { try charge(goingThrough: value) }
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .int = value { return true } else { return false }
    case "float": if case .double = value { return true } else { return false }
    case "number": return value.number != nil
    case "string": if case .text = value { return true } else { return false }
    case "mapping": if case .mapping = value { return true } else { return false }
    case "iterable": return value.elements != nil
    case "sequence": return value.elementCount != nil
    case "callable": if case .function = value { return true } else { return false }
    case "sameas":
      switch (value, try other()) {
      case (.int, .bool), (.bool, .int), (.double, .int), (.int, .double): return false
      case (let one, let two): return one.equals(two)
      }
    case "equalto", "eq", "==": return value.equals(try other())
    case "ne", "!=": return !value.equals(try other())
    case "lessthan", "lt", "<": return try value.isLess(than: try other())
    case "greaterthan", "gt", ">": return try other().isLess(than: value)
    case "le", "<=": return try value.isLess(than: try other()) || value.equals(try other())
    case "ge", ">=": return try other().isLess(than: value) || value.equals(try other())
    case "in": return try value.isIn(try other())
    case "even", "odd":
      return try value.integer("the value of `\(name)`").isMultiple(of: 2) == (name == "even")
    case "divisibleby":
      let divisor = try other().integer("the argument of `divisibleby`")
      guard divisor != 0 else { throw Problem("division by zero") }
      return try value.integer("the value of `divisibleby`").isMultiple(of: divisor)
    case "lower": return value.written == value.written.lowercased && value.written.hasCase
    case "upper": return value.written == value.written.uppercased && value.written.hasCase
    default: throw Problem("there is no test `\(name)`")
    }
  }
}

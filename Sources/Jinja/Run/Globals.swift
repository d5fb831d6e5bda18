/// The functions that every template can call.
enum Globals {
  /// The longest `range`, as Jinja's sandbox has it.
  private static let longestRange = 100_000

  static func define(in scope: Scope, clock: (@Sendable (String) -> String)?) {
    func define(_ name: String, _ body: @escaping (Interpreter, CallArguments) throws -> Value) {
      scope.set(name, to: .function(Function(name, body)))
    }
    define("raise_exception") { _, arguments in
      throw TemplateError.refused(try arguments.required(0, "message").written.text)
    }
    define("range") { interpreter, arguments in
      let bounds = try arguments.positional.map { try $0.integer("a bound of `range`") }
      guard (1...3).contains(bounds.count) else { throw Problem("`range` needs one to three numbers") }
      let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
      let step = bounds.count == 3 ? bounds[2] : 1
      guard step != 0 else { throw Problem("the step of `range` is 0") }
      var values: [Value] = []
      var value = start
      while step > 0 ? value < end : value > end {
        guard values.count < longestRange else { throw Problem("`range` has more than \(longestRange) numbers") }
        values.append(.int(value))
        let (next, overflow) = value.addingReportingOverflow(step)
        if overflow { break }
        value = next
      }
      try interpreter.charge(values.count)
      return .list(values)
    }
    define("namespace") { interpreter, arguments in
      var members: [String: Value] = [:]
      for value in arguments.positional {
        guard case .mapping(let mapping) = value else {
          throw Problem("`namespace` needs a mapping, not \(value.kind)")
        }
        for (key, value) in mapping.pairs { members[key.written.text] = value }
      }
      for (name, value) in arguments.named { members[name] = value }
      let namespace = Namespace(members)
      interpreter.keep(namespace)
      return .namespace(namespace)
    }
    define("dict") { _, arguments in
      var mapping = Mapping()
      if case .mapping(let given)? = arguments.positional.first { mapping = given }
      for (name, value) in arguments.named { try mapping.set(.string(name), to: value) }
      return .mapping(mapping)
    }
    define("joiner") { _, arguments in
      let separator = try arguments.text(0, "sep") ?? TracedText(", ")
      var isFirst = true
      return .function(
        Function("joiner") { _, _ in
          defer { isFirst = false }
          return isFirst ? .string("") : .text(separator)
        })
    }
    define("cycler") { interpreter, arguments in
      guard !arguments.positional.isEmpty else { throw Problem("`cycler` needs values") }
      let items = arguments.positional
      var index = 0
      let members = [
        "next": Value.function(
          Function("next") { _, _ in
            defer { index = (index + 1) % items.count }
            return items[index]
          }),
        "reset": .function(
          Function("reset") { _, _ in
            index = 0
            return .none
          }),
      ]
      let namespace = Namespace(members)
      interpreter.keep(namespace)
      return .namespace(namespace)
    }
    guard let clock else { return }
    define("strftime_now") { _, arguments in
      let format = try arguments.required(0, "format").written
      return .text(TracedText(clock(format.text), from: format.holdsMessage ? .message : .template))
    }
  }
}

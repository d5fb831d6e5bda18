/// What can be emptied, so that nothing refers to itself any more.
protocol Clearable: AnyObject {
  func clear()
}

/// Names and their values, inside those of the scope around.
final class Scope: Clearable {
  private var values: [String: Value] = [:]
  private let outer: Scope?

  init(inside outer: Scope?) { self.outer = outer }

  func value(of name: String) -> Value? {
    var scope: Scope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.outer
    }
    return nil
  }

  func set(_ name: String, to value: Value) { values[name] = value }

  func clear() { values = [:] }
}

/// What a loop's body knows of it as `loop`.
final class LoopState: Clearable {
  private(set) var items: [Value]
  let depth: Int
  /// Goes through another sequence with the same body, in a recursive loop.
  private(set) var recursion: Function?
  var index = 0
  private var lastChanged: [Value]?

  init(_ items: [Value], depth: Int, recursion: Function?) {
    self.items = items
    self.depth = depth
    self.recursion = recursion
  }

  func clear() {
    (items, lastChanged, recursion) = ([], nil, nil)
  }

  func attribute(_ name: String) -> Value? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(items.count - index)
    case "revindex0": .int(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index + 1 == items.count)
    case "length": .int(items.count)
    case "depth": .int(depth + 1)
    case "depth0": .int(depth)
    case "previtem": index > 0 ? items[index - 1] : .undefined("loop.previtem")
    case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("loop.nextitem")
    case "cycle":
      .function(
        Function("cycle") { [index] _, arguments in
          guard !arguments.positional.isEmpty else { throw Problem("`cycle` needs values") }
          return arguments.positional[index % arguments.positional.count]
        })
    case "changed":
      .function(
        Function("changed") { [self] _, arguments in
          defer { lastChanged = arguments.positional }
          guard let last = lastChanged, last.count == arguments.positional.count else { return .bool(true) }
          return .bool(!zip(last, arguments.positional).allSatisfy { $0.equals($1) })
        })
    default: nil
    }
  }
}

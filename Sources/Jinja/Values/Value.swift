/// What an expression comes to. Values behave as Python's do.
indirect enum Value {
  /// Nothing of that name: empty where it is written, an error where something is asked of it.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(TracedText)
  case list([Value])
  case tuple([Value])
  case mapping(Mapping)
  case function(Function)
  case namespace(Namespace)
  case loop(LoopState)

  static func string(_ text: String) -> Value { .text(TracedText(text)) }
}

/// Something that can be called.
final class Function {
  let name: String
  /// Whether it is a value's own, and holds that value.
  let isMethod: Bool
  let body: (Interpreter, CallArguments) throws -> Value

  init(_ name: String, isMethod: Bool = false, _ body: @escaping (Interpreter, CallArguments) throws -> Value) {
    self.name = name
    self.isMethod = isMethod
    self.body = body
  }
}

/// What `namespace()` makes: the one value that statements can change.
final class Namespace: Clearable {
  var members: [String: Value]
  init(_ members: [String: Value]) { self.members = members }
  func clear() { members = [:] }
}

/// What a call was given.
struct CallArguments {
  var positional: [Value] = []
  var named: [(name: String, value: Value)] = []

  /// The argument called `name`, which may stand at `index` without its name.
  func value(_ index: Int, _ name: String) -> Value? {
    positional.indices.contains(index) ? positional[index] : named.first { $0.name == name }?.value
  }

  func required(_ index: Int, _ name: String) throws -> Value {
    guard let value = value(index, name) else { throw Problem("argument `\(name)` is missing") }
    return value
  }

  func text(_ index: Int, _ name: String) throws -> TracedText? {
    switch value(index, name) {
    case nil, .some(.none): return nil
    case .text(let text)?: return text
    case let other?: throw Problem("argument `\(name)` is \(other.kind), not a string")
    }
  }

  func int(_ index: Int, _ name: String) throws -> Int? {
    switch value(index, name) {
    case nil, .some(.none): return nil
    case let value?: return try value.integer("argument `\(name)`")
    }
  }

  func flag(_ index: Int, _ name: String) -> Bool { value(index, name)?.isTrue ?? false }

  /// The arguments from the `count`th on.
  func dropping(_ count: Int) -> CallArguments {
    CallArguments(positional: Array(positional.dropFirst(count)), named: named)
  }
}

/// A dictionary that keeps its order.
struct Mapping {
  private(set) var pairs: [(key: Value, value: Value)] = []
  private var places: [Key: Int] = [:]

  /// What makes two keys the same: equal numbers are, whatever their type.
  private enum Key: Hashable {
    case none
    case number(Double)
    case text(TracedText)
    case tuple([Key])

    init?(_ value: Value) {
      switch value {
      case .none: self = .none
      case .bool(let value): self = .number(value ? 1 : 0)
      case .int(let value): self = .number(Double(value))
      case .double(let value): self = .number(value)
      case .text(let text): self = .text(text)
      case .tuple(let items):
        let keys = items.compactMap(Key.init)
        guard keys.count == items.count else { return nil }
        self = .tuple(keys)
      default: return nil
      }
    }
  }

  init() {}

  init(_ pairs: [(Value, Value)]) {
    for (key, value) in pairs { try? set(key, to: value) }
  }

  mutating func set(_ key: Value, to value: Value) throws {
    guard let place = Key(key) else { throw Problem("\(key.kind) cannot be a key") }
    if let index = places[place] {
      pairs[index].value = value
    } else {
      places[place] = pairs.count
      pairs.append((key, value))
    }
  }

  subscript(key: Value) -> Value? {
    guard let place = Key(key), let index = places[place] else { return nil }
    return pairs[index].value
  }
}

// MARK: - What all values can do

extension Value {
  /// The value's type, for messages.
  var kind: String {
    switch self {
    case .undefined(let name): name.isEmpty ? "an undefined value" : "`\(name)`, which is undefined,"
    case .none: "none"
    case .bool: "a boolean"
    case .int: "an integer"
    case .double: "a number"
    case .text: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .mapping: "a mapping"
    case .function: "a function"
    case .namespace: "a namespace"
    case .loop: "a loop"
    }
  }

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .mapping(let mapping): !mapping.pairs.isEmpty
    case .function, .namespace, .loop: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// The elements of what can be gone through, or `nil`.
  var elements: [Value]? {
    switch self {
    case .undefined: []
    case .text(let text): text.marks.map { .text(TracedText([$0])) }
    case .list(let items), .tuple(let items): items
    case .mapping(let mapping): mapping.pairs.map(\.key)
    default: nil
    }
  }

  func requiredElements() throws -> [Value] {
    guard let elements else { throw Problem("\(kind) cannot be gone through") }
    return elements
  }

  /// The number, where the value is one.
  var number: Double? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  func integer(_ what: String) throws -> Int {
    switch self {
    case .bool(let value): return value ? 1 : 0
    case .int(let value): return value
    default: throw Problem("\(what) is \(kind), not an integer")
    }
  }

  /// What is written for the value, as Python's `str` has it.
  var written: TracedText {
    switch self {
    case .undefined: TracedText("")
    case .text(let text): text
    default: represented
    }
  }

  /// The value as Python's `repr` has it.
  var represented: TracedText {
    func joined(_ items: [Value], _ open: String, _ close: String) -> TracedText {
      TracedText(open) + items.map(\.represented).joined(by: TracedText(", ")) + TracedText(close)
    }
    switch self {
    case .undefined: return TracedText("Undefined")
    case .none: return TracedText("None")
    case .bool(let value): return TracedText(value ? "True" : "False")
    case .int(let value): return TracedText(String(value))
    case .double(let value): return TracedText(value.pythonText)
    case .text(let text): return text.quotedByPython
    case .list(let items): return joined(items, "[", "]")
    case .tuple(let items): return joined(items, "(", items.count == 1 ? ",)" : ")")
    case .mapping(let mapping):
      let pairs = mapping.pairs.map { $0.key.represented + TracedText(": ") + $0.value.represented }
      return TracedText("{") + pairs.joined(by: TracedText(", ")) + TracedText("}")
    case .function(let function): return TracedText("<function \(function.name)>")
    case .namespace: return TracedText("<namespace>")
    case .loop: return TracedText("<loop>")
    }
  }

  /// Whether Python's `==` says so.
  func equals(_ other: Value) -> Bool {
    if let left = number, let right = other.number {
      if case .int(let left) = self, case .int(let right) = other { return left == right }
      return left == right
    }
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let left), .text(let right)): return left == right
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      return left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
    case (.mapping(let left), .mapping(let right)):
      return left.pairs.count == right.pairs.count
        && left.pairs.allSatisfy { pair in right[pair.key].map { $0.equals(pair.value) } ?? false }
    case (.function(let left), .function(let right)): return left === right
    case (.namespace(let left), .namespace(let right)): return left === right
    default: return false
    }
  }

  /// Whether Python's `<` says so.
  func isLess(than other: Value) throws -> Bool {
    if let left = number, let right = other.number { return left < right }
    switch (self, other) {
    case (.text(let left), .text(let right)): return left < right
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      for (one, two) in zip(left, right) where !one.equals(two) { return try one.isLess(than: two) }
      return left.count < right.count
    default: throw Problem("\(kind) and \(other.kind) have no order")
    }
  }

  /// Whether Python's `in` says so.
  func isIn(_ other: Value) throws -> Bool {
    switch (self, other) {
    case (.text(let part), .text(let whole)): return whole.firstIndex(of: part) != nil
    case (_, .text): throw Problem("\(kind) cannot be in a string")
    case (_, .mapping(let mapping)): return mapping[self] != nil
    default: return try other.requiredElements().contains { $0.equals(self) }
    }
  }
}

extension Double {
  /// The shortest digits that give the number again, as Python writes them.
  var pythonText: String { isNaN ? "nan" : isInfinite ? (self < 0 ? "-inf" : "inf") : "\(self)" }
}

extension TracedText {
  fileprivate var quotedByPython: TracedText {
    let scalars = marks.map(\.scalar)
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    let quoteText = TracedText(String(Character(quote)))
    return quoteText
      + mapped { scalar in
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\\": "\\\\"
        case quote: "\\" + String(Character(quote))
        default: scalar.isPrintable ? String(Character(scalar)) : scalar.escapedByPython
        }
      } + quoteText
  }
}

extension Unicode.Scalar {
  fileprivate var isPrintable: Bool {
    if self == " " { return true }
    return switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }

  fileprivate var escapedByPython: String {
    func hexadecimal(_ digits: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    return value < 0x100 ? "\\x" + hexadecimal(2) : value < 0x1_0000 ? "\\u" + hexadecimal(4) : "\\U" + hexadecimal(8)
  }
}

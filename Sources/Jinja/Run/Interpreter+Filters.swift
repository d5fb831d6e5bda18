extension Interpreter {
  /// `value | name(arguments)`, as Jinja's documentation has it, and `tojson` as `transformers` does.
  func filter(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    try charge(filtering: value, by: name, arguments)
    switch name {
    case "default", "d":
      let isMissing = value.isUndefined || arguments.flag(1, "boolean") && !value.isTrue
      return isMissing ? arguments.value(0, "default_value") ?? .string("") : value
    case "tojson": return .text(try value.json(try style(arguments)))
    case "string": return .text(value.written)
    case "safe": return value
    case "items": return try pairs(of: value)
    case "dictsort": return try sortedPairs(of: value, arguments)
    case "attr": return try attribute(try arguments.text(0, "name")?.text ?? "", of: value)
    case "abs", "int", "float", "round": return try numberFilter(name, value, arguments)
    case "format": return .text(try value.written.formatted(with: .tuple(arguments.positional)))
    default: break
    }
    if let result = try textFilter(name, value, arguments) { return result }
    if let result = try sequenceFilter(name, value, arguments) { return result }
    throw Problem("there is no filter `\(name)`")
  }

  /// Filters that look at no more of a value than its first level.
  private static let shallow: Set<String> = [
    "default", "d", "safe", "items", "attr", "length", "count", "first", "last", "list", "reverse", "map", "select",
    "reject", "selectattr", "rejectattr", "batch", "sum",
  ]

  private func charge(filtering value: Value, by name: String, _ arguments: CallArguments) throws {
    if Self.shallow.contains(name) { try charge(lookingAt: value) } else { try charge(goingThrough: value) }
    for argument in arguments.positional { try charge(goingThrough: argument) }
    for (_, argument) in arguments.named { try charge(goingThrough: argument) }
  }

  private func style(_ arguments: CallArguments) throws -> JSONStyle {
    var style = JSONStyle()
    switch arguments.value(1, "indent") ?? arguments.positional.first {
    case nil, .some(.none): break
    case .text(let text)?: style.indentation = text
    case let count?:
      let count = try count.integer("`indent`")
      guard count <= 64 else { throw Problem("`indent` is more than 64") }
      style.indentation = TracedText(String(repeating: " ", count: max(count, 0)))
    }
    // Python writes no space at the end of a line.
    if style.indentation != nil { style.itemSeparator = TracedText(",") }
    if let separators = arguments.named.first(where: { $0.name == "separators" })?.value,
      let pair = separators.elements,
      pair.count == 2
    {
      style.itemSeparator = pair[0].written
      style.keySeparator = pair[1].written
    }
    style.isASCII = arguments.named.first { $0.name == "ensure_ascii" }?.value.isTrue ?? false
    style.sortsKeys = arguments.named.first { $0.name == "sort_keys" }?.value.isTrue ?? false
    return style
  }

  // MARK: Numbers

  private func numberFilter(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    switch name {
    case "abs":
      if case .double(let value) = value { return .double(abs(value)) }
      return try value.integer("the value of `abs`") < 0 ? value.negated : value
    case "int":
      let standard = arguments.value(0, "default") ?? .int(0)
      if case .text(let text) = value {
        let base = try arguments.int(1, "base") ?? 10
        guard (2...36).contains(base) else { throw Problem("`base` is not from 2 to 36") }
        let digits = text.stripped(of: nil).text
        if let number = Int(digits, radix: base) { return .int(number) }
        guard let number = Double(digits), abs(number) < 0x1p62 else { return standard }
        return .int(Int(number))
      }
      guard let number = value.number, abs(number) < 0x1p62 else { return standard }
      return .int(Int(number))
    case "float":
      let standard = arguments.value(0, "default") ?? .double(0)
      if case .text(let text) = value { return Double(text.stripped(of: nil).text).map { .double($0) } ?? standard }
      return value.number.map { .double($0) } ?? standard
    default:
      guard let number = value.number else { throw Problem("\(value.kind) cannot be rounded") }
      let precision = try arguments.int(0, "precision") ?? 0
      guard (-300...300).contains(precision) else { throw Problem("`precision` is out of range") }
      let method = try arguments.text(1, "method")?.text ?? "common"
      let rules: [String: FloatingPointRoundingRule] = ["common": .toNearestOrEven, "ceil": .up, "floor": .down]
      guard let rule = rules[method] else { throw Problem("`\(method)` is no way to round") }
      if method == "common", precision >= 0, precision <= 30 {
        return .double(Double(number.text(places: precision)) ?? number)
      }
      let scale = (0..<abs(precision)).reduce(1.0) { scale, _ in scale * 10 }
      return .double(precision < 0 ? (number / scale).rounded(rule) * scale : (number * scale).rounded(rule) / scale)
    }
  }

  // MARK: Mappings

  private func pairs(of value: Value) throws -> Value {
    if value.isUndefined { return .list([]) }
    guard case .mapping(let mapping) = value else { throw Problem("`items` needs a mapping, not \(value.kind)") }
    return .list(mapping.pairs.map { .tuple([$0.key, $0.value]) })
  }

  private func sortedPairs(of value: Value, _ arguments: CallArguments) throws -> Value {
    guard case .mapping(let mapping) = value else { throw Problem("`dictsort` needs a mapping, not \(value.kind)") }
    let isByValue = try arguments.text(1, "by")?.text == "value"
    let isCaseSensitive = arguments.flag(0, "case_sensitive")
    let keyed = mapping.pairs.map { (key: sortKey(isByValue ? $0.value : $0.key, isCaseSensitive), pair: $0) }
    let sorted = try keyed.sorted { try $0.key.isLess(than: $1.key) }
    let pairs = sorted.map { Value.tuple([$0.pair.key, $0.pair.value]) }
    return .list(arguments.flag(2, "reverse") ? pairs.reversed() : pairs)
  }

  /// What a value is sorted and compared by: text without regard to case, unless told otherwise.
  private func sortKey(_ value: Value, _ isCaseSensitive: Bool) -> Value {
    if case .text(let text) = value, !isCaseSensitive { .text(text.lowercased) } else { value }
  }

  // MARK: Text

  private func textFilter(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value? {
    let text = value.written
    switch name {
    case "trim": return .text(text.stripped(of: try arguments.text(0, "chars")))
    case "upper": return .text(text.uppercased)
    case "lower": return .text(text.lowercased)
    case "capitalize": return .text(text.capitalized)
    case "title": return .text(text.titled { !"-([{<".unicodeScalars.contains($0) && !$0.isPythonSpace })
    case "replace":
      guard let old = try arguments.text(0, "old"), let new = try arguments.text(1, "new") else {
        throw Problem("`replace` needs two strings")
      }
      return .text(try text.replacing(old, by: new, limit: try arguments.int(2, "count") ?? -1))
    case "indent": return .text(try indented(text, arguments))
    case "wordcount": return .int(text.split(by: nil, limit: -1).count)
    case "escape", "e", "forceescape":
      let entities: [Unicode.Scalar: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", "\"": "&#34;"]
      return .text(text.mapped { entities[$0] ?? String(Character($0)) })
    default: return nil
    }
  }

  private func indented(_ text: TracedText, _ arguments: CallArguments) throws -> TracedText {
    let indentation: TracedText
    switch arguments.value(0, "width") {
    case .text(let text)?: indentation = text
    case let width:
      let count = try width?.integer("`width`") ?? 4
      guard count <= 1000 else { throw Problem("`width` is more than 1000") }
      indentation = TracedText(String(repeating: " ", count: max(count, 0)))
    }
    let newline = TracedText("\n")
    let lines = (text + newline).lines()
    try TracedText.check(lines.count + 1, times: indentation.count + 1, besides: text.count)
    var result = lines.first ?? TracedText("")
    for line in lines.dropFirst() {
      result.append(newline)
      if arguments.flag(2, "blank") || !line.isEmpty { result.append(indentation) }
      result.append(line)
    }
    return arguments.flag(1, "first") ? indentation + result : result
  }

  // MARK: Sequences

  private func sequenceFilter(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value? {
    switch name {
    case "length", "count":
      guard let count = value.elementCount else { throw Problem("\(value.kind) has no length") }
      return .int(count)
    case "first": return try value.requiredElements().first ?? .undefined("first")
    case "last": return try value.requiredElements().last ?? .undefined("last")
    case "list": return .list(try value.requiredElements())
    case "reverse":
      if case .text(let text) = value { return .text(TracedText(text.marks.reversed())) }
      return .list(try value.requiredElements().reversed())
    case "join":
      let separator = try arguments.text(0, "d") ?? TracedText("")
      let items = try value.requiredElements().map { try part(arguments.value(1, "attribute"), of: $0).written }
      return .text(try items.joinedWithinLimit(by: separator))
    case "sum":
      let start = arguments.value(1, "start") ?? .int(0)
      return try value.requiredElements().reduce(start) {
        try charge()
        return try $0.applying(.add, to: part(arguments.value(0, "attribute"), of: $1))
      }
    case "min", "max", "sort", "unique", "groupby", "batch": return try orderFilter(name, value, arguments)
    case "map": return .list(try value.requiredElements().map { try mapped($0, arguments) })
    case "select", "reject": return .list(try selected(value, arguments, isWanted: name == "select") { $0 })
    case "selectattr", "rejectattr":
      let attribute = try arguments.required(0, "attribute")
      return .list(
        try selected(value, arguments.dropping(1), isWanted: name == "selectattr") { try part(attribute, of: $0) })
    default: return nil
    }
  }

  private func orderFilter(_ name: String, _ value: Value, _ arguments: CallArguments) throws -> Value {
    let items = try value.requiredElements()
    try charge(items.count)
    /// Each item's key, by the argument at `index`.
    func keyed(_ index: Int, caseIndex: Int) throws -> [(key: Value, item: Value)] {
      let isCaseSensitive = arguments.flag(caseIndex, "case_sensitive")
      return try items.map { (sortKey(try part(arguments.value(index, "attribute"), of: $0), isCaseSensitive), $0) }
    }
    switch name {
    case "min": return try keyed(1, caseIndex: 0).min { try $0.key.isLess(than: $1.key) }?.item ?? .undefined("min")
    case "max": return try keyed(1, caseIndex: 0).max { try $0.key.isLess(than: $1.key) }?.item ?? .undefined("max")
    case "sort":
      // Stable, in reverse too, as Python's.
      let isReversed = arguments.flag(0, "reverse")
      return .list(
        try keyed(2, caseIndex: 1).enumerated().sorted { left, right in
          let (one, two) = isReversed ? (right, left) : (left, right)
          if try one.element.key.isLess(than: two.element.key) { return true }
          if try two.element.key.isLess(than: one.element.key) { return false }
          return left.offset < right.offset
        }.map(\.element.item))
    case "unique":
      var seen = Mapping()
      return .list(
        try keyed(1, caseIndex: 0).filter { pair in
          if seen[pair.key] != nil { return false }
          try seen.set(pair.key, to: .none)
          return true
        }.map(\.item))
    case "groupby":
      let sorted = try keyed(0, caseIndex: 2).enumerated().sorted { left, right in
        if try left.element.key.isLess(than: right.element.key) { return true }
        return try !right.element.key.isLess(than: left.element.key) && left.offset < right.offset
      }
      var groups: [(key: Value, items: [Value])] = []
      for (_, (key, item)) in sorted {
        if let last = groups.last, last.key.equals(key) {
          groups[groups.count - 1].items.append(item)
        } else {
          groups.append((key, [item]))
        }
      }
      return .list(
        try groups.map { .tuple([try part(arguments.value(0, "attribute"), of: $0.items[0]), .list($0.items)]) })
    default:
      let size = try arguments.required(0, "linecount").integer("`linecount`")
      guard size > 0 else { throw Problem("`linecount` is not positive") }
      return .list(
        stride(from: 0, to: items.count, by: size).map { start in
          let row = Array(items[start..<min(start + size, items.count)])
          let fill = arguments.value(1, "fill_with").map { Array(repeating: $0, count: min(size - row.count, 10_000)) }
          return .list(row + (fill ?? []))
        })
    }
  }

  /// What `attribute`, a name, a path of names, or an index, is of `value`; the value itself without one.
  private func part(_ attribute: Value?, of value: Value) throws -> Value {
    try charge()
    switch attribute {
    case nil, .some(.none): return value
    case .int?: return try attribute.map { try item($0, of: value) } ?? value
    case let path?:
      return try path.written.text.split(separator: ".").reduce(value) { object, name in
        try item(Int(name).map { .int($0) } ?? .string(String(name)), of: object)
      }
    }
  }

  private func mapped(_ item: Value, _ arguments: CallArguments) throws -> Value {
    try charge()
    guard arguments.positional.isEmpty else {
      return try filter(arguments.positional[0].written.text, item, arguments.dropping(1))
    }
    guard let attribute = arguments.value(0, "attribute") else { throw Problem("`map` needs a filter or an attribute") }
    let found = try part(attribute, of: item)
    guard found.isUndefined, let standard = arguments.named.first(where: { $0.name == "default" }) else { return found }
    return standard.value
  }

  private func selected(
    _ value: Value, _ arguments: CallArguments, isWanted: Bool, _ key: (Value) throws -> Value
  ) throws -> [Value] {
    try value.requiredElements().filter { item in
      try charge()
      let key = try key(item)
      guard let name = arguments.positional.first else { return key.isTrue == isWanted }
      return try test(name.written.text, key, arguments.dropping(1)) == isWanted
    }
  }
}

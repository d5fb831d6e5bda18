extension TracedText {
  /// Whether a letter in it has two cases.
  var hasCase: Bool { scalars.contains { $0.properties.isCased } }

  /// Python's method of strings called `name`.
  func method(_ name: String) -> Function? {
    guard let body = Self.methods[name] else { return nil }
    return Function(name, isMethod: true) { [self] interpreter, arguments in
      try interpreter.charge(count / 16)
      return try body(self, arguments)
    }
  }

  private typealias Method = @Sendable (TracedText, CallArguments) throws -> Value

  private static let methods: [String: Method] = [
    "strip": { text, arguments in .text(text.stripped(of: try arguments.text(0, "chars"))) },
    "lstrip": { text, arguments in .text(text.stripped(of: try arguments.text(0, "chars"), right: false)) },
    "rstrip": { text, arguments in .text(text.stripped(of: try arguments.text(0, "chars"), left: false)) },
    "lower": { text, _ in .text(text.lowercased) },
    "casefold": { text, _ in .text(text.lowercased) },
    "upper": { text, _ in .text(text.uppercased) },
    "capitalize": { text, _ in .text(text.capitalized) },
    "title": { text, _ in .text(text.titled { $0.properties.isCased }) },
    "swapcase": { text, _ in
      .text(text.mapped { $0.properties.isUppercase ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping })
    },
    "split": { text, arguments in .list(try cut(text, arguments) { $0.split(by: $1, limit: $2) }) },
    "rsplit": { text, arguments in .list(try cut(text, arguments) { $0.splitFromRight(by: $1, limit: $2) }) },
    "splitlines": { text, arguments in
      .list(text.lines(keepingEnds: arguments.flag(0, "keepends")).map { .text($0) })
    },
    "partition": { text, arguments in
      let separator = try separator(arguments)
      guard let found = text.firstIndex(of: separator) else { return .tuple([.text(text), .string(""), .string("")]) }
      return parts(text, found, separator)
    },
    "rpartition": { text, arguments in
      let separator = try separator(arguments)
      guard let found = text.lastIndex(of: separator) else {
        return .tuple([.string(""), .string(""), .text(text)])
      }
      return parts(text, found, separator)
    },
    "startswith": { text, arguments in
      .bool(try affixes(arguments).contains { text.window(arguments).hasPrefix($0) })
    },
    "endswith": { text, arguments in .bool(try affixes(arguments).contains { text.window(arguments).hasSuffix($0) }) },
    "removeprefix": { text, arguments in
      let prefix = try arguments.text(0, "prefix") ?? TracedText("")
      return .text(text.hasPrefix(prefix) ? TracedText(text.marks.dropFirst(prefix.count)) : text)
    },
    "removesuffix": { text, arguments in
      let suffix = try arguments.text(0, "suffix") ?? TracedText("")
      return .text(text.hasSuffix(suffix) ? TracedText(text.marks.dropLast(suffix.count)) : text)
    },
    "replace": { text, arguments in
      guard let old = try arguments.text(0, "old"), let new = try arguments.text(1, "new") else {
        throw Problem("`replace` needs two strings")
      }
      return .text(try text.replacing(old, by: new, limit: try arguments.int(2, "count") ?? -1))
    },
    "find": { text, arguments in .int(text.firstIndex(of: try part(arguments)) ?? -1) },
    "rfind": { text, arguments in .int(text.lastIndex(of: try part(arguments)) ?? -1) },
    "index": { text, arguments in
      guard let found = text.firstIndex(of: try part(arguments)) else { throw Problem("a substring is not there") }
      return .int(found)
    },
    "count": { text, arguments in
      let part = try part(arguments)
      return .int(part.isEmpty ? text.count + 1 : text.split(by: part, limit: -1).count - 1)
    },
    "join": { text, arguments in
      .text(
        try arguments.required(0, "iterable").requiredElements().map { item in
          guard case .text(let part) = item else { throw Problem("`join` needs strings, not \(item.kind)") }
          return part
        }.joinedWithinLimit(by: text))
    },
    "isdigit": { text, _ in
      .bool(text.isMade { $0.properties.numericType == .decimal || $0.properties.numericType == .digit })
    },
    "isdecimal": { text, _ in .bool(text.isMade { $0.properties.numericType == .decimal }) },
    "isnumeric": { text, _ in .bool(text.isMade { $0.properties.numericType != nil }) },
    "isalpha": { text, _ in .bool(text.isMade(of: \.isLetter)) },
    "isalnum": { text, _ in .bool(text.isMade { $0.isLetter || $0.properties.numericType != nil }) },
    "isspace": { text, _ in .bool(text.isMade(of: \.isPythonSpace)) },
    "islower": { text, _ in .bool(text.hasCase && text == text.lowercased) },
    "isupper": { text, _ in .bool(text.hasCase && text == text.uppercased) },
    "ljust": { text, arguments in .text(text + (try padding(text, arguments))) },
    "rjust": { text, arguments in .text(try padding(text, arguments) + text) },
    "zfill": { text, arguments in
      let sign = text.marks.first.map { $0.scalar == "-" || $0.scalar == "+" } ?? false ? 1 : 0
      let zeros = try padding(text, CallArguments(positional: [try arguments.required(0, "width"), .string("0")]))
      return .text(TracedText(text.marks.prefix(sign)) + zeros + TracedText(text.marks.dropFirst(sign)))
    },
    "format": { text, arguments in .text(try text.filled(with: arguments)) },
  ]

  private func isMade(of isWanted: (Unicode.Scalar) -> Bool) -> Bool { !isEmpty && scalars.allSatisfy(isWanted) }

  private static func cut(
    _ text: TracedText, _ arguments: CallArguments, _ body: (TracedText, TracedText?, Int) -> [TracedText]
  ) throws -> [Value] {
    let separator = try arguments.text(0, "sep")
    if let separator, separator.isEmpty { throw Problem("a separator is empty") }
    return body(text, separator, try arguments.int(1, "maxsplit") ?? -1).map { .text($0) }
  }

  private static func part(_ arguments: CallArguments) throws -> TracedText {
    guard arguments.positional.count <= 1, let part = try arguments.text(0, "sub") else {
      throw Problem("a search needs one string")
    }
    return part
  }

  private static func separator(_ arguments: CallArguments) throws -> TracedText {
    guard let separator = try arguments.text(0, "sep"), !separator.isEmpty else {
      throw Problem("a separator is empty")
    }
    return separator
  }

  private static func parts(_ text: TracedText, _ found: Int, _ separator: TracedText) -> Value {
    let end = found + separator.count
    return .tuple([
      .text(TracedText(text.marks[..<found])), .text(TracedText(text.marks[found..<end])),
      .text(TracedText(text.marks[end...])),
    ])
  }

  private static func affixes(_ arguments: CallArguments) throws -> [TracedText] {
    switch try arguments.required(0, "prefix") {
    case .text(let text): return [text]
    case .tuple(let items):
      return try items.map { item in
        guard case .text(let text) = item else { throw Problem("a prefix or suffix is \(item.kind), not a string") }
        return text
      }
    case let other: throw Problem("a prefix or suffix is \(other.kind), not a string")
    }
  }

  /// The part between the second and the third argument, where they are given.
  private func window(_ arguments: CallArguments) -> TracedText {
    func bound(_ index: Int) -> Int? {
      guard arguments.positional.indices.contains(index), case .int(let value) = arguments.positional[index] else {
        return nil
      }
      return min(max(value < 0 ? value + count : value, 0), count)
    }
    let (start, end) = (bound(1) ?? 0, bound(2) ?? count)
    return start < end ? TracedText(marks[start..<end]) : TracedText("")
  }

  private static func padding(_ text: TracedText, _ arguments: CallArguments) throws -> TracedText {
    let width = try arguments.required(0, "width").integer("`width`")
    guard width <= 100_000 else { throw Problem("`width` is more than 100000") }
    let fill = try arguments.text(1, "fillchar") ?? TracedText(" ")
    guard fill.count == 1 else { throw Problem("what fills a string is one character") }
    return Array(repeating: fill, count: max(width - text.count, 0)).joined(by: TracedText(""))
  }

  /// Python's `format` for places without conversions: `{}`, `{0}`, `{name}`, `{{`, `}}`.
  private func filled(with arguments: CallArguments) throws -> TracedText {
    var result: [Mark] = []
    var (index, used) = (0, 0)
    while index < count {
      let scalar = marks[index].scalar
      if scalar == "{" || scalar == "}", index + 1 < count, marks[index + 1].scalar == scalar {
        result.append(marks[index])
        index += 2
      } else if scalar == "{" {
        guard let end = marks[index...].firstIndex(where: { $0.scalar == "}" }) else {
          throw Problem("a place in a format does not end")
        }
        let name = TracedText(marks[(index + 1)..<end]).text
        let value: Value?
        if name.isEmpty {
          value = arguments.value(used, "")
          used += 1
        } else {
          value = Int(name).map { arguments.value($0, "") } ?? arguments.named.first { $0.name == name }?.value
        }
        guard let value else { throw Problem("a format has no value for `{\(name)}`") }
        let text = value.written.marks
        try Self.check(result.count, besides: text.count)
        result += text
        index = end + 1
      } else {
        result.append(marks[index])
        index += 1
      }
    }
    return TracedText(result)
  }
}

extension Unicode.Scalar {
  fileprivate var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}

// MARK: - Mappings and lists

extension Mapping {
  /// Python's method of dictionaries called `name`; those that change one are out of a template's reach.
  func method(_ name: String) -> Function? {
    switch name {
    case "get":
      Function(name, isMethod: true) { [self] _, arguments in
        self[try arguments.required(0, "key")] ?? arguments.value(1, "default") ?? .none
      }
    case "items": Function(name, isMethod: true) { [self] _, _ in .list(pairs.map { .tuple([$0.key, $0.value]) }) }
    case "keys": Function(name, isMethod: true) { [self] _, _ in .list(pairs.map(\.key)) }
    case "values": Function(name, isMethod: true) { [self] _, _ in .list(pairs.map(\.value)) }
    case "copy": Function(name, isMethod: true) { [self] _, _ in .mapping(self) }
    case "pop", "popitem", "update", "setdefault", "clear": Self.refused(name)
    default: nil
    }
  }

  static func refused(_ name: String) -> Function {
    Function(name, isMethod: true) { _, _ in throw Problem("`\(name)` would change a value, which no template may") }
  }
}

extension Value {
  /// Python's method of lists called `name`.
  static func method(_ name: String, ofItems items: [Value]) -> Function? {
    switch name {
    case "index":
      Function(name, isMethod: true) { _, arguments in
        let wanted = try arguments.required(0, "value")
        guard let found = items.firstIndex(where: { $0.equals(wanted) }) else {
          throw Problem("a value is not in the list")
        }
        return .int(found)
      }
    case "count":
      Function(name, isMethod: true) { _, arguments in
        let wanted = try arguments.required(0, "value")
        return .int(items.count { $0.equals(wanted) })
      }
    case "copy": Function(name, isMethod: true) { _, _ in .list(items) }
    case "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse": Mapping.refused(name)
    default: nil
    }
  }
}

/// Text that knows where each of its characters comes from.
///
/// Rendering joins, cuts and changes text; a character keeps its origin through all of it. So whoever tokenizes the result can
/// see which characters a conversation brought in, and give them no special meaning.
public struct TracedText: Sendable {
  /// Where a character comes from.
  public enum Origin: UInt8, Sendable {
    /// The template, or a value that its author trusts as much.
    case template
    /// A conversation.
    case message
  }

  struct Mark: Sendable {
    var scalar: Unicode.Scalar
    var origin: Origin
  }

  var marks: [Mark]

  init(_ marks: some Sequence<Mark>) { self.marks = Array(marks) }

  /// Text of one origin.
  public init(_ text: String, from origin: Origin = .template) {
    marks = text.unicodeScalars.map { Mark(scalar: $0, origin: origin) }
  }

  /// Number of Unicode scalars.
  public var count: Int { marks.count }
  /// Whether there are none.
  public var isEmpty: Bool { marks.isEmpty }

  /// The text without its origins.
  public var text: String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: marks.lazy.map(\.scalar))
    return String(scalars)
  }

  /// The longest runs of one origin, in order.
  public var runs: [(text: String, origin: Origin)] {
    var runs: [(text: String, origin: Origin)] = []
    var scalars = String.UnicodeScalarView()
    for (index, mark) in marks.enumerated() {
      scalars.append(mark.scalar)
      if index + 1 == marks.count || marks[index + 1].origin != mark.origin {
        runs.append((String(scalars), mark.origin))
        scalars = String.UnicodeScalarView()
      }
    }
    return runs
  }

  var scalars: some Collection<Unicode.Scalar> { marks.lazy.map(\.scalar) }

  static func + (left: TracedText, right: TracedText) -> TracedText { TracedText(left.marks + right.marks) }

  mutating func append(_ other: TracedText) { marks += other.marks }
}

extension TracedText: Hashable {
  /// Whether the characters are the same, wherever they come from.
  public static func == (left: TracedText, right: TracedText) -> Bool {
    left.marks.count == right.marks.count && zip(left.marks, right.marks).allSatisfy { $0.scalar == $1.scalar }
  }

  /// Hashes the characters.
  public func hash(into hasher: inout Hasher) {
    for mark in marks { hasher.combine(mark.scalar) }
  }
}

extension TracedText: Comparable {
  /// By code points, as Python compares strings.
  public static func < (left: TracedText, right: TracedText) -> Bool {
    left.scalars.lexicographicallyPrecedes(right.scalars)
  }
}

// MARK: - What Python's strings can do

extension TracedText {
  /// The first place at or after `start` where `part` stands.
  func firstIndex(of part: TracedText, from start: Int = 0) -> Int? {
    guard part.count + start <= count else { return nil }
    return (start...(count - part.count)).first { holds(part, at: $0) }
  }

  /// The last place where `part` stands and ends before `end`.
  func lastIndex(of part: TracedText, before end: Int) -> Int? {
    guard part.count <= end else { return nil }
    return (0...(end - part.count)).last { holds(part, at: $0) }
  }

  func holds(_ part: TracedText, at start: Int) -> Bool {
    guard start >= 0, start + part.count <= count else { return false }
    return part.marks.indices.allSatisfy { marks[start + $0].scalar == part.marks[$0].scalar }
  }

  func hasPrefix(_ part: TracedText) -> Bool { holds(part, at: 0) }
  func hasSuffix(_ part: TracedText) -> Bool { holds(part, at: count - part.count) }

  /// Without characters of `set` (white space if `nil`) at the ends.
  func stripped(of set: TracedText?, left: Bool = true, right: Bool = true) -> TracedText {
    let unwanted = set.map { Set($0.scalars) }
    func isUnwanted(_ mark: Mark) -> Bool { unwanted?.contains(mark.scalar) ?? mark.scalar.isPythonSpace }
    var rest = marks[...]
    if left { rest = rest.drop(while: isUnwanted) }
    if right { while let last = rest.last, isUnwanted(last) { rest.removeLast() } }
    return TracedText(rest)
  }

  /// The parts between `separator`, or between runs of white space if it is `nil`; at most `limit` cuts, from the left.
  func split(by separator: TracedText?, limit: Int) -> [TracedText] {
    var parts: [TracedText] = []
    guard let separator else {
      var rest = marks.drop { $0.scalar.isPythonSpace }
      while !rest.isEmpty {
        if limit >= 0, parts.count == limit {
          return parts + [TracedText(rest)]
        }
        let word = rest.prefix { !$0.scalar.isPythonSpace }
        parts.append(TracedText(word))
        rest = rest.dropFirst(word.count).drop { $0.scalar.isPythonSpace }
      }
      return parts
    }
    var start = 0
    while limit < 0 || parts.count < limit, let found = firstIndex(of: separator, from: start) {
      parts.append(TracedText(marks[start..<found]))
      start = found + separator.count
    }
    return parts + [TracedText(marks[start...])]
  }

  /// The same with cuts from the right.
  func splitFromRight(by separator: TracedText?, limit: Int) -> [TracedText] {
    guard limit >= 0 else { return split(by: separator, limit: limit) }
    guard let separator else {
      let reversed = TracedText(marks.reversed()).split(by: nil, limit: limit)
      return reversed.reversed().map { TracedText($0.marks.reversed()) }
    }
    var parts: [TracedText] = []
    var end = count
    while parts.count < limit, let found = lastIndex(of: separator, before: end) {
      parts.append(TracedText(marks[(found + separator.count)..<end]))
      end = found
    }
    return (parts + [TracedText(marks[..<end])]).reversed()
  }

  /// The lines, without what ends them unless `keepingEnds`.
  func lines(keepingEnds: Bool = false) -> [TracedText] {
    var lines: [TracedText] = []
    var start = 0
    var index = 0
    while index < count {
      guard marks[index].scalar.endsPythonLine else {
        index += 1
        continue
      }
      let isPair = marks[index].scalar == "\r" && index + 1 < count && marks[index + 1].scalar == "\n"
      let next = index + (isPair ? 2 : 1)
      lines.append(TracedText(marks[start..<(keepingEnds ? next : index)]))
      (start, index) = (next, next)
    }
    if start < count { lines.append(TracedText(marks[start...])) }
    return lines
  }

  func replacing(_ old: TracedText, by new: TracedText, limit: Int) -> TracedText {
    guard limit != 0 else { return self }
    guard !old.isEmpty else {
      var result: [Mark] = []
      for (index, mark) in marks.enumerated() {
        if limit < 0 || index < limit { result += new.marks }
        result.append(mark)
      }
      if limit < 0 || count < limit { result += new.marks }
      return TracedText(result)
    }
    return split(by: old, limit: limit).joined(by: new)
  }

  /// Each character changed by `change`, which may give several.
  func mapped(_ change: (Unicode.Scalar) -> String) -> TracedText {
    TracedText(
      marks.flatMap { mark in change(mark.scalar).unicodeScalars.map { Mark(scalar: $0, origin: mark.origin) } })
  }

  var lowercased: TracedText { mapped { $0.properties.lowercaseMapping } }
  var uppercased: TracedText { mapped { $0.properties.uppercaseMapping } }

  /// The first character as a title's, the others small.
  var capitalized: TracedText {
    TracedText(marks.prefix(1)).mapped { $0.properties.titlecaseMapping } + TracedText(marks.dropFirst()).lowercased
  }

  /// Each word capitalized; `isLetter` says what belongs to a word.
  func titled(by isLetter: (Unicode.Scalar) -> Bool) -> TracedText {
    var result = TracedText("")
    var isInWord = false
    for mark in marks {
      let one = TracedText([mark])
      result.append(isInWord ? one.lowercased : one.mapped { $0.properties.titlecaseMapping })
      isInWord = isLetter(mark.scalar)
    }
    return result
  }
}

extension Collection where Element == TracedText {
  func joined(by separator: TracedText) -> TracedText {
    var result: [TracedText.Mark] = []
    for (index, part) in enumerated() {
      if index > 0 { result += separator.marks }
      result += part.marks
    }
    return TracedText(result)
  }
}

extension Unicode.Scalar {
  /// What Python's `str.isspace` takes for white space.
  var isPythonSpace: Bool {
    switch value {
    case 9...13, 28...32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// What Python's `str.splitlines` takes for the end of a line.
  var endsPythonLine: Bool {
    switch value {
    case 10...13, 28...30, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}

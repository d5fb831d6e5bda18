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
    /// Number of the part of the conversation that it is of; 0 where it is of none that has a number.
    var part: UInt32 = 0
  }

  var marks: [Mark]

  init(_ marks: some Sequence<Mark>) { self.marks = Array(marks) }

  /// Text of one origin.
  public init(_ text: String, from origin: Origin = .template) {
    marks = text.unicodeScalars.map { Mark(scalar: $0, origin: origin) }
  }

  /// Text of a conversation that came in parts.
  ///
  /// - Parameters:
  ///   - parts: the text, part by part.
  ///   - first: number of the first part, 1 or more; the others have the numbers behind it.
  public init(ofMessage parts: [String], numberedFrom first: Int) {
    marks = parts.enumerated().flatMap { index, text in
      text.unicodeScalars.map { Mark(scalar: $0, origin: .message, part: UInt32(clamping: first + index)) }
    }
  }

  /// For each numbered part of which there is a character: the number of Unicode scalars up to the end of its last one.
  public var partEnds: [Int: Int] {
    var ends: [Int: Int] = [:]
    for (index, mark) in marks.enumerated() where mark.part > 0 { ends[Int(mark.part)] = index + 1 }
    return ends
  }

  /// Number of Unicode scalars.
  public var count: Int { marks.count }
  /// Whether there are none.
  public var isEmpty: Bool { marks.isEmpty }

  /// Whether a character comes from a conversation.
  var holdsMessage: Bool { marks.contains { $0.origin == .message } }

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
  /// The places where `part`, which is not empty, stands from left to right, none inside another; at most `limit`, all if it is
  /// negative. Takes time linear in both lengths.
  func places(of part: TracedText, limit: Int) -> [Int] {
    let part = part.marks
    guard limit != 0, !part.isEmpty, part.count <= count else { return [] }
    // How much of the part's beginning its first characters end in (Knuth, Morris, Pratt).
    var borders = [0]
    for index in part.indices.dropFirst() {
      var length = borders[index - 1]
      while length > 0, part[length].scalar != part[index].scalar { length = borders[length - 1] }
      borders.append(part[length].scalar == part[index].scalar ? length + 1 : 0)
    }
    var places: [Int] = []
    var matched = 0
    for (index, mark) in marks.enumerated() {
      while matched > 0, part[matched].scalar != mark.scalar { matched = borders[matched - 1] }
      if part[matched].scalar == mark.scalar { matched += 1 }
      if matched == part.count {
        places.append(index + 1 - part.count)
        if places.count == limit { break }
        matched = 0
      }
    }
    return places
  }

  /// The first place where `part` stands.
  func firstIndex(of part: TracedText) -> Int? { part.isEmpty ? 0 : places(of: part, limit: 1).first }

  /// The last place where `part` stands.
  func lastIndex(of part: TracedText) -> Int? {
    part.isEmpty ? count : reversed.firstIndex(of: part.reversed).map { count - part.count - $0 }
  }

  /// The characters from the last to the first.
  var reversed: TracedText { TracedText(marks.reversed()) }

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
    for found in places(of: separator, limit: limit) {
      parts.append(TracedText(marks[start..<found]))
      start = found + separator.count
    }
    return parts + [TracedText(marks[start...])]
  }

  /// The same with cuts from the right.
  func splitFromRight(by separator: TracedText?, limit: Int) -> [TracedText] {
    guard limit >= 0 else { return split(by: separator, limit: limit) }
    return reversed.split(by: separator?.reversed, limit: limit).reversed().map(\.reversed)
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

  func replacing(_ old: TracedText, by new: TracedText, limit: Int) throws -> TracedText {
    guard limit != 0 else { return self }
    if !old.isEmpty { return try split(by: old, limit: limit).joinedWithinLimit(by: new) }
    let places = limit < 0 ? count + 1 : min(limit, count + 1)
    try Self.check(places, times: new.count, besides: count)
    var result: [Mark] = []
    for (index, mark) in marks.enumerated() {
      if index < places { result += new.marks }
      result.append(mark)
    }
    if places > count { result += new.marks }
    return TracedText(result)
  }

  /// The most characters that one string may have.
  static let longest = 1 << 22

  /// Refuses a string of more than `longest` characters.
  static func check(_ count: Int, times length: Int = 1, besides others: Int = 0) throws {
    let (product, overflow) = count.multipliedReportingOverflow(by: length)
    guard !overflow, product <= longest, others <= longest - product else {
      throw Problem("a string has more than \(longest) characters")
    }
  }

  /// Each character changed by `change`, which may give several.
  func mapped(_ change: (Unicode.Scalar) -> String) -> TracedText {
    TracedText(
      marks.flatMap { mark in
        change(mark.scalar).unicodeScalars.map { Mark(scalar: $0, origin: mark.origin, part: mark.part) }
      })
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
  /// The same, refused where it would be very long: a long separator between many parts is more than either.
  func joinedWithinLimit(by separator: TracedText) throws -> TracedText {
    try TracedText.check(Swift.max(count - 1, 0), times: separator.count, besides: reduce(0) { $0 + $1.count })
    return joined(by: separator)
  }

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

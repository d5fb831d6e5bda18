/// A piece of a template's source.
enum Token: Hashable, Sendable {
  /// Text outside tags.
  case data(String)
  case name(String)
  case text(String)
  case int(Int)
  case double(Double)
  case symbol(String)
  case blockBegin, blockEnd, variableBegin, variableEnd

  /// The token as messages show it.
  var shown: String {
    switch self {
    case .data: "text"
    case .name(let name): "`\(name)`"
    case .text: "a string"
    case .int, .double: "a number"
    case .symbol(let symbol): "`\(symbol)`"
    case .blockBegin: "`{%`"
    case .blockEnd: "`%}`"
    case .variableBegin: "`{{`"
    case .variableEnd: "`}}`"
    }
  }
}

/// Cuts a template's source into tokens, with white space around tags as `trim_blocks` and `lstrip_blocks` have it.
///
/// Source of the rules: Jinja's documentation, "Whitespace Control" and "Lexer".
struct Lexer {
  private let source: [Unicode.Scalar]
  private var index = 0
  private var line = 1
  private(set) var tokens: [(token: Token, line: Int)] = []
  /// Whether the last tag took the line's end with it, so that a new line begins here.
  private var isAtLineStart = true

  /// The longest source, in characters: many times what any model's template has.
  static let longest = 1 << 18

  init(_ text: String) {
    // All line ends are `\n`, and the last one does not count.
    var scalars: [Unicode.Scalar] = []
    var wasReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", wasReturn {
        wasReturn = false
        continue
      }
      wasReturn = scalar == "\r"
      scalars.append(wasReturn ? "\n" : scalar)
    }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
  }

  mutating func run() throws(TemplateError) {
    guard source.count <= Self.longest else { throw failure("it has more than \(Self.longest) characters") }
    while index < source.count { try next() }
  }

  private func failure(_ message: String) -> TemplateError { .syntax(message, line: line) }

  private func holds(_ text: String, at place: Int) -> Bool {
    var place = place
    for scalar in text.unicodeScalars {
      guard place < source.count, source[place] == scalar else { return false }
      place += 1
    }
    return true
  }

  private mutating func advance(to end: Int) {
    line += source[index..<end].count { $0 == "\n" }
    index = end
  }

  private mutating func add(_ token: Token) { tokens.append((token, line)) }

  /// Text up to the next tag, and the tag.
  private mutating func next() throws(TemplateError) {
    let isLineStart = isAtLineStart
    var tag = index
    while tag < source.count,
      !(source[tag] == "{" && tag + 1 < source.count && "{%#".unicodeScalars.contains(source[tag + 1]))
    {
      tag += 1
    }
    guard tag < source.count else {
      add(.data(text(index..<tag)))
      advance(to: tag)
      return
    }
    let isVariable = source[tag + 1] == "{"
    let sign = tag + 2 < source.count ? source[tag + 2] : " "
    let isSigned = sign == "-" || sign == "+"
    var end = tag
    if sign == "-" {
      while end > index, source[end - 1].isPythonSpace { end -= 1 }
    } else if sign != "+", !isVariable {
      var start = tag
      while start > index, source[start - 1] != "\n" { start -= 1 }
      if start > index || isLineStart, source[start..<tag].allSatisfy(\.isPythonSpace) { end = start }
    }
    if end > index { add(.data(text(index..<end))) }
    let isComment = source[tag + 1] == "#"
    advance(to: tag + (isSigned ? 3 : 2))
    if isComment {
      try skipComment()
    } else if isVariable {
      add(.variableBegin)
      try readTag(until: "}}", .variableEnd)
    } else if let end = endOfTag("raw", from: index) {
      advance(to: end)
      try readRaw()
    } else {
      add(.blockBegin)
      try readTag(until: "%}", .blockEnd)
    }
  }

  private func text(_ range: Range<Int>) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: source[range])
    return String(scalars)
  }

  /// Takes a tag's end, `close`, with the white space that goes with it.
  private mutating func takeEnd(_ close: String, at place: Int, sign: Unicode.Scalar?, takesLine: Bool) {
    var end = place + (sign == nil ? 0 : 1) + close.unicodeScalars.count
    if sign == "-" {
      while end < source.count, source[end].isPythonSpace { end += 1 }
    } else if sign == nil, takesLine, end < source.count, source[end] == "\n" {
      end += 1
    }
    advance(to: end)
    isAtLineStart = source[end - 1] == "\n"
  }

  private mutating func skipComment() throws(TemplateError) {
    var place = index
    while place < source.count {
      if holds("#}", at: place) {
        // A sign belongs to the end, unless it is the beginning's own.
        let sign = place > index && (source[place - 1] == "-" || source[place - 1] == "+") ? source[place - 1] : nil
        takeEnd("#}", at: sign == nil ? place : place - 1, sign: sign, takesLine: true)
        return
      }
      place += 1
    }
    throw failure("a comment does not end")
  }

  /// Behind the tag whose name is `name`, if one stands there whose beginning was taken.
  private func endOfTag(_ name: String, from start: Int) -> Int? {
    var place = start
    while place < source.count, source[place].isPythonSpace { place += 1 }
    guard holds(name, at: place) else { return nil }
    place += name.unicodeScalars.count
    while place < source.count, source[place].isPythonSpace { place += 1 }
    if holds("-%}", at: place) {
      place += 3
      while place < source.count, source[place].isPythonSpace { place += 1 }
      return place
    }
    return holds("%}", at: place) ? place + 2 : nil
  }

  private mutating func readRaw() throws(TemplateError) {
    var place = index
    while place < source.count {
      guard holds("{%", at: place) else {
        place += 1
        continue
      }
      let sign =
        place + 2 < source.count && (source[place + 2] == "-" || source[place + 2] == "+") ? source[place + 2] : nil
      var name = place + (sign == nil ? 2 : 3)
      while name < source.count, source[name].isPythonSpace { name += 1 }
      guard holds("endraw", at: name) else {
        place += 2
        continue
      }
      var close = name + 6
      while close < source.count, source[close].isPythonSpace { close += 1 }
      let closeSign = close < source.count && (source[close] == "-" || source[close] == "+") ? source[close] : nil
      guard holds("%}", at: close + (closeSign == nil ? 0 : 1)) else { throw failure("`endraw` does not end") }
      var end = place
      if sign == "-" {
        while end > index, source[end - 1].isPythonSpace { end -= 1 }
      } else if sign == nil {
        var start = place
        while start > index, source[start - 1] != "\n" { start -= 1 }
        if start > index, source[start..<place].allSatisfy(\.isPythonSpace) { end = start }
      }
      if end > index { add(.data(text(index..<end))) }
      takeEnd("%}", at: close, sign: closeSign, takesLine: true)
      return
    }
    throw failure("`raw` has no `endraw`")
  }

  /// The symbol that stands here, if one does.
  private var symbol: String? {
    let second: Unicode.Scalar = index + 1 < source.count ? source[index + 1] : " "
    switch (source[index], second) {
    case ("/", "/"), ("*", "*"), ("=", "="), ("!", "="), (">", "="), ("<", "="): return text(index..<(index + 2))
    case ("+", _), ("-", _), ("*", _), ("/", _), ("%", _), ("~", _), ("<", _), (">", _), ("=", _), (".", _), (":", _),
      ("|", _), (",", _), (";", _), ("(", _), (")", _), ("[", _), ("]", _), ("{", _), ("}", _):
      return text(index..<(index + 1))
    default: return nil
    }
  }

  /// Tokens of a tag, up to and with its end.
  private mutating func readTag(until close: String, _ end: Token) throws(TemplateError) {
    var open: [String] = []
    while index < source.count {
      let scalar = source[index]
      if open.isEmpty {
        let sign = scalar == "-" || (scalar == "+" && close == "%}") ? scalar : nil
        if holds(close, at: index + (sign == nil ? 0 : 1)) {
          add(end)
          takeEnd(close, at: index, sign: sign, takesLine: close == "%}")
          return
        }
      }
      if scalar.isPythonSpace {
        advance(to: index + 1)
      } else if scalar == "'" || scalar == "\"" {
        try readString(scalar)
      } else if ("0"..."9").contains(scalar) {
        try readNumber()
      } else if scalar == "_" || scalar.properties.isXIDStart {
        var stop = index + 1
        while stop < source.count, source[stop].properties.isXIDContinue { stop += 1 }
        add(.name(text(index..<stop)))
        advance(to: stop)
      } else if let symbol {
        switch symbol {
        case "(", "[", "{": open.append(symbol)
        case ")", "]", "}":
          guard let begun = open.popLast(),
            (begun, symbol) == ("(", ")") || (begun, symbol) == ("[", "]") || (begun, symbol) == ("{", "}")
          else {
            throw failure("`\(symbol)` closes nothing")
          }
        default: break
        }
        add(.symbol(symbol))
        advance(to: index + symbol.unicodeScalars.count)
      } else {
        throw failure("unexpected character U+\(String(scalar.value, radix: 16, uppercase: true))")
      }
    }
    throw failure("a tag does not end")
  }

  private mutating func readString(_ quote: Unicode.Scalar) throws(TemplateError) {
    var value = String.UnicodeScalarView()
    var place = index + 1
    while place < source.count, source[place] != quote {
      guard source[place] == "\\", place + 1 < source.count else {
        value.append(source[place])
        place += 1
        continue
      }
      place = try readEscape(at: place + 1, into: &value)
    }
    guard place < source.count else { throw failure("a string does not end") }
    add(.text(String(value)))
    advance(to: place + 1)
  }

  /// Reads what follows a backslash, as Python's strings have it.
  ///
  /// - Returns: the place behind it.
  private func readEscape(at place: Int, into value: inout String.UnicodeScalarView) throws(TemplateError) -> Int {
    let plain: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
      "v": "\u{B}",
    ]
    let digits: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
    let scalar = source[place]
    if scalar == "\n" { return place + 1 }
    if let meant = plain[scalar] {
      value.append(meant)
      return place + 1
    }
    if let count = digits[scalar] {
      let end = place + 1 + count
      guard end <= source.count, let code = UInt32(text((place + 1)..<end), radix: 16), let meant = Unicode.Scalar(code)
      else {
        throw failure("`\\\(scalar)` needs \(count) hexadecimal digits of a character")
      }
      value.append(meant)
      return end
    }
    let octal = source[place...].prefix(3).prefix { ("0"..."7").contains($0) }
    if !octal.isEmpty, let code = UInt32(text(octal.startIndex..<octal.endIndex), radix: 8),
      let meant = Unicode.Scalar(code)
    {
      value.append(meant)
      return octal.endIndex
    }
    value.append("\\")
    value.append(scalar)
    return place + 1
  }

  private mutating func readNumber() throws(TemplateError) {
    var stop = index
    func digits(_ from: Int) -> Int {
      var place = from
      while place < source.count, ("0"..."9").contains(source[place]) || source[place] == "_" { place += 1 }
      return place
    }
    stop = digits(stop)
    var isFloat = false
    if stop + 1 < source.count, source[stop] == ".", ("0"..."9").contains(source[stop + 1]) {
      isFloat = true
      stop = digits(stop + 1)
    }
    if stop < source.count, source[stop] == "e" || source[stop] == "E" {
      let sign = stop + 1 < source.count && (source[stop + 1] == "+" || source[stop + 1] == "-") ? 1 : 0
      if stop + 1 + sign < source.count, ("0"..."9").contains(source[stop + 1 + sign]) {
        isFloat = true
        stop = digits(stop + 1 + sign)
      }
    }
    let written = text(index..<stop).filter { $0 != "_" }
    if isFloat, let value = Double(written) {
      add(.double(value))
    } else if let value = Int(written) {
      add(.int(value))
    } else {
      throw failure("the number `\(written)` is too large")
    }
    advance(to: stop)
  }
}

extension Normalizer {
  private static let supported = ["NFC", "NFD", "Prepend", "Replace", "Sequence"]

  /// Bytes that canonical normalization makes of one, at most (U+0390, decomposed, goes from 2 to 6).
  private static let canonicalGrowth = 3.0

  /// Reads `normalizer`.
  init(_ section: Section) throws(TokenizerError) {
    var growth = TextGrowth()
    try self.init(section, &growth)
  }

  private init(_ section: Section, _ growth: inout TextGrowth) throws(TokenizerError) {
    switch try section.string("type") {
    case "NFC":
      self = .nfc
      try growth.add(factor: Self.canonicalGrowth, of: section)
    case "NFD":
      self = .nfd
      try growth.add(factor: Self.canonicalGrowth, of: section)
    case "Prepend":
      let prefix = Array(try section.string("prepend").utf8)
      self = .prepend(prefix)
      try growth.add(addition: prefix.count, of: section)
    case "Replace":
      let replacement = try ByteReplacement(section)
      self = .replace(replacement)
      try growth.add(replacement, of: section)
    case "Sequence":
      var steps: [Normalizer] = []
      for step in try section.sections("normalizers") { steps.append(try Normalizer(step, &growth)) }
      self = .sequence(steps)
    case let type: throw section.unsupportedType(type, supported: Self.supported)
    }
  }
}

extension ByteReplacement {
  /// Reads a `Replace` of a normalizer or a decoder.
  init(_ section: Section) throws(TokenizerError) {
    let pattern = try section.section("pattern")
    guard let text = try pattern.string(ifPresent: "String") else {
      let expression = try pattern.string("Regex")
      throw pattern.unsupported("Regex", expression, supported: ["a String"])
    }
    guard let replacement = ByteReplacement(pattern: text, content: try section.string("content")) else {
      throw pattern.unsupported("String", text, supported: ["a text that is not empty"])
    }
    self = replacement
  }
}

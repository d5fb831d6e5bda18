extension Normalizer {
  private static let supported = ["NFC", "NFD", "Prepend", "Replace", "Sequence"]

  /// Reads `normalizer`.
  init(_ section: Section) throws(TokenizerError) {
    switch try section.string("type") {
    case "NFC": self = .nfc
    case "NFD": self = .nfd
    case "Prepend": self = .prepend(Array(try section.string("prepend").utf8))
    case "Replace": self = .replace(try ByteReplacement(section))
    case "Sequence":
      var steps: [Normalizer] = []
      for step in try section.sections("normalizers") { steps.append(try Normalizer(step)) }
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

extension PreTokenizer {
  private static let supported = ["ByteLevel", "Sequence", "Split"]

  /// Reads `pre_tokenizer`.
  init(_ section: Section) throws(TokenizerError) {
    switch try section.string("type") {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try section.bool("add_prefix_space"),
        usesPattern: try section.bool(ifPresent: "use_regex") ?? true)
    case "Split":
      self = .split(
        try Pattern(section.section("pattern")), try SplitBehavior(section), isInverted: try section.bool("invert"))
    case "Sequence":
      var steps: [PreTokenizer] = []
      for step in try section.sections("pretokenizers") { steps.append(try PreTokenizer(step)) }
      self = .sequence(steps)
    case let type: throw section.unsupportedType(type, supported: Self.supported)
    }
  }
}

extension SplitBehavior {
  /// Reads the `behavior` of a pre-tokenizer.
  init(_ section: Section) throws(TokenizerError) {
    let name = try section.string("behavior")
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw section.unsupported("behavior", name, supported: SplitBehavior.allCases.map(\.rawValue))
    }
    self = behavior
  }
}

extension Pattern {
  /// Reads the `pattern` of a `Split`.
  init(_ section: Section) throws(TokenizerError) {
    let expression = try section.string("Regex")
    guard let pattern = Pattern(regularExpression: expression) else {
      throw section.unsupported("Regex", expression, supported: [GPT2Pattern.text])
    }
    self = pattern
  }
}

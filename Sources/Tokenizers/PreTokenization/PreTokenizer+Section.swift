extension PreTokenizer {
  private static let supported = [
    "ByteLevel", "Digits", "Metaspace", "Punctuation", "Sequence", "Split", "Whitespace", "WhitespaceSplit",
  ]

  /// Reads `pre_tokenizer`.
  init(_ section: Section) throws(TokenizerError) {
    var growth = TextGrowth()
    try self.init(section, &growth)
  }

  private init(_ section: Section, _ growth: inout TextGrowth) throws(TokenizerError) {
    switch try section.string("type") {
    case "ByteLevel":
      let addsPrefixSpace = try section.bool("add_prefix_space")
      self = .byteLevel(
        addsPrefixSpace: addsPrefixSpace, usesPattern: try section.bool(ifPresent: "use_regex") ?? true)
      // A piece may be one byte long.
      if addsPrefixSpace { try growth.add(factor: 2, of: section) }
    case "Digits":
      let isolates = try section.bool("individual_digits")
      self = .split(.character(.numeric), isolates ? .isolated : .contiguous, isInverted: false)
    case "Metaspace":
      self = .metaspace(try Metaspace(section))
      try growth.add(factor: 2 * Double(try section.character("replacement").count), of: section)
    case "Punctuation":
      let behavior = try SplitBehavior(ifPresentIn: section) ?? .isolated
      self = .split(.character(.punctuation), behavior, isInverted: false)
    case "Sequence":
      var steps: [PreTokenizer] = []
      for step in try section.sections("pretokenizers") {
        let next = try PreTokenizer(step, &growth)
        if next.rewritesText, steps.contains(where: \.isByteLevel) {
          let type = try step.string("type")
          throw step.unsupportedType("\(type) after ByteLevel", supported: ["Digits", "Punctuation", "Split"])
        }
        steps.append(next)
      }
      self = .sequence(steps)
    case "Split":
      guard let behavior = try SplitBehavior(ifPresentIn: section) else {
        throw section.missing("behavior")
      }
      self = .split(try Pattern(section.section("pattern")), behavior, isInverted: try section.bool("invert"))
    case "Whitespace": self = .split(.word, .removed, isInverted: true)
    case "WhitespaceSplit": self = .split(.character(.whiteSpace), .removed, isInverted: false)
    case let type: throw section.unsupportedType(type, supported: Self.supported)
    }
  }
}

extension SplitBehavior {
  /// Reads the `behavior` of a pre-tokenizer.
  fileprivate init?(ifPresentIn section: Section) throws(TokenizerError) {
    guard let name = try section.string(ifPresent: "behavior") else { return nil }
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw section.unsupported("behavior", name, supported: SplitBehavior.allCases.map(\.rawValue))
    }
    self = behavior
  }
}

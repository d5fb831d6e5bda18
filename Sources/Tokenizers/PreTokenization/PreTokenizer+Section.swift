extension PreTokenizer {
  private static let supported = [
    "ByteLevel", "Digits", "Metaspace", "Punctuation", "Sequence", "Split", "Whitespace", "WhitespaceSplit",
  ]

  /// Reads `pre_tokenizer`.
  init(_ section: Section) throws(TokenizerError) {
    switch try section.string("type") {
    case "ByteLevel":
      self = .byteLevel(
        addsPrefixSpace: try section.bool("add_prefix_space"),
        usesPattern: try section.bool(ifPresent: "use_regex") ?? true)
    case "Digits":
      let isolates = try section.bool("individual_digits")
      self = .split(.character(.numeric), isolates ? .isolated : .contiguous, isInverted: false)
    case "Metaspace": self = .metaspace(try Metaspace(section))
    case "Punctuation":
      let behavior = try SplitBehavior(ifPresentIn: section) ?? .isolated
      self = .split(.character(.punctuation), behavior, isInverted: false)
    case "Sequence":
      var steps: [PreTokenizer] = []
      for step in try section.sections("pretokenizers") {
        let next = try PreTokenizer(step)
        if next.rewritesText, steps.contains(where: \.isByteLevel) {
          let type = try step.string("type")
          throw step.unsupportedType("\(type) after ByteLevel", supported: ["Digits", "Punctuation", "Split"])
        }
        steps.append(next)
      }
      self = .sequence(steps)
    case "Split":
      guard let behavior = try SplitBehavior(ifPresentIn: section) else {
        throw .missing(field: section.path(to: "behavior"))
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

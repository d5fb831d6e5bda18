extension TextDecoder {
  private static let supported = ["ByteFallback", "ByteLevel", "Fuse", "Metaspace", "Replace", "Sequence", "Strip"]

  /// Reads `decoder`.
  init(_ section: Section) throws(TokenizerError) {
    var growth = TextGrowth()
    try self.init(section, &growth)
  }

  private init(_ section: Section, _ growth: inout TextGrowth) throws(TokenizerError) {
    switch try section.string("type") {
    case "ByteFallback": self = .byteFallback
    case "ByteLevel": self = .byteLevel
    case "Fuse": self = .fuse
    case "Metaspace":
      self = .metaspace(
        character: try section.character("replacement"), dropsFirst: try Metaspace.PrependScheme(section) != .never)
    case "Replace":
      let replacement = try ByteReplacement(section)
      self = .replace(replacement)
      try growth.add(replacement, of: section)
    case "Sequence":
      var steps: [TextDecoder] = []
      for step in try section.sections("decoders") { steps.append(try TextDecoder(step, &growth)) }
      self = .sequence(steps)
    case "Strip":
      self = .strip(
        character: try section.character("content"), start: try section.naturalNumber("start"),
        stop: try section.naturalNumber("stop"))
    case let type: throw section.unsupportedType(type, supported: Self.supported)
    }
  }
}

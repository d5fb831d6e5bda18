/// What a post-processor puts before a sequence.
enum BeginOfSequence {
  private static let supported = ["ByteLevel", "Sequence", "TemplateProcessing"]

  /// The token that `post_processor` begins a sequence with, or `nil`.
  static func token(_ section: Section) throws(TokenizerError) -> Int? {
    switch try section.string("type") {
    case "ByteLevel": return nil
    case "Sequence":
      var token: Int?
      for step in try section.sections("processors") {
        if let found = try self.token(step) { token = token ?? found }
      }
      return token
    case "TemplateProcessing":
      return try token(ofTemplate: section)
    case let type: throw section.unsupportedType(type, supported: supported)
    }
  }

  private static func token(ofTemplate section: Section) throws(TokenizerError) -> Int? {
    var names: [String] = []
    for part in try section.sections("single") {
      guard let special = try part.section(ifPresent: "SpecialToken") else { break }
      names.append(try special.string("id"))
    }
    guard let name = names.first else { return nil }
    // The template's own table says which IDs a name stands for.
    let ids = try section.section("special_tokens").section(name).naturalNumbers("ids")
    guard names.count == 1, ids.count == 1 else {
      throw section.unsupported("single", names.joined(separator: " "), supported: ["one special token at the start"])
    }
    return ids[0]
  }
}

/// Where `Metaspace` puts the character that stands for a space, if text does not begin with it.
enum PrependScheme: String, CaseIterable, Sendable {
  /// Before each piece.
  case always
  /// Before the piece that begins the text.
  case first
  /// Nowhere.
  case never

  /// Reads the scheme of a `Metaspace`, which older files spell as a flag.
  init(_ section: Section) throws(TokenizerError) {
    let name = try section.string(ifPresent: "prepend_scheme")
    guard let scheme = name.map({ PrependScheme(rawValue: $0) }) ?? .always else {
      throw section.unsupported("prepend_scheme", name ?? "", supported: Self.allCases.map(\.rawValue))
    }
    let hasPrefix = try section.bool(ifPresent: "add_prefix_space") ?? true
    guard hasPrefix || name == nil || scheme == .never else {
      throw section.unsupported("add_prefix_space", "false", supported: ["true with this `prepend_scheme`"])
    }
    self = hasPrefix ? scheme : .never
  }
}

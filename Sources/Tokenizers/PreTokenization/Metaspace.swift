/// SentencePiece's way with spaces: a visible character stands for each of them, and for one before the text.
struct Metaspace: Sendable {
  /// Where the character is put, if text does not begin with it.
  enum PrependScheme: String, CaseIterable, Sendable {
    /// Before each piece.
    case always
    /// Before the piece that begins the text.
    case first
    /// Nowhere.
    case never
  }

  private let character: [UInt8]
  private let prependScheme: PrependScheme
  /// What splits the text, if anything does.
  private let separator: LiteralPattern?

  func apply(to text: inout PreTokenizedText) {
    text.rewrite { piece, isFirst, result in
      let prepends =
        switch prependScheme {
        case .always: true
        case .first: isFirst
        case .never: false
        }
      if prepends, piece.first != UInt8(ascii: " "), !piece.starts(with: character) { result += character }
      for byte in piece {
        if byte == UInt8(ascii: " ") {
          result += character
        } else {
          result.append(byte)
        }
      }
    }
    if let separator { Pattern.literal(separator).split(&text, .mergedWithNext) }
  }

  /// Reads a `Metaspace` pre-tokenizer.
  init(_ section: Section) throws(TokenizerError) {
    character = try section.character("replacement")
    prependScheme = try PrependScheme(section)
    let splits = try section.bool(ifPresent: "split") ?? true
    separator = splits ? LiteralPattern(try section.string("replacement")) : nil
  }
}

extension Metaspace.PrependScheme {
  /// Reads the scheme of a `Metaspace`, which older files spell as a flag.
  init(_ section: Section) throws(TokenizerError) {
    let name = try section.string(ifPresent: "prepend_scheme") ?? "always"
    guard let scheme = Self(rawValue: name) else {
      throw section.unsupported("prepend_scheme", name, supported: Self.allCases.map(\.rawValue))
    }
    self = try section.bool(ifPresent: "add_prefix_space") ?? true ? scheme : .never
  }
}

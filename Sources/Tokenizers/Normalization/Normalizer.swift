/// Rewrites text before it is split.
enum Normalizer: Sendable {
  /// Unicode normal form C.
  case nfc
  /// Unicode normal form D.
  case nfd
  /// Puts a text before another one, unless that is empty.
  case prepend([UInt8])
  /// Replaces each occurrence of a text, the leftmost first, by another one.
  case replace(ByteReplacement)
  /// One after the other.
  case sequence([Normalizer])

  /// The normalized form of valid UTF-8.
  func normalize(_ text: [UInt8]) -> [UInt8] {
    switch self {
    case .nfc: CanonicalNormalization.shared.composed(text)
    case .nfd: CanonicalNormalization.shared.decomposed(text)
    case .prepend(let prefix): text.isEmpty ? text : prefix + text
    case .replace(let replacement): replacement.apply(to: text)
    case .sequence(let steps): steps.reduce(text) { $1.normalize($0) }
    }
  }
}

/// Replaces each occurrence of some bytes, the leftmost first, by others.
struct ByteReplacement: Sendable {
  /// What is replaced: at least one byte.
  let pattern: [UInt8]
  let content: [UInt8]

  /// - Returns: `nil` for an empty pattern.
  init?(pattern: String, content: String) {
    guard !pattern.isEmpty else { return nil }
    self.pattern = Array(pattern.utf8)
    self.content = Array(content.utf8)
  }

  func apply(to text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text[...]
    result.append(contentsOf: replaced(in: &rest))
    result.append(contentsOf: rest)
    return result
  }

  /// Replaces what lies whole in `text`; what is left there may begin an occurrence, and has none.
  func replaced(in text: inout ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let rest = text[index...]
      guard rest.count >= pattern.count else { break }
      if text[index] == pattern[0], rest.starts(with: pattern) {
        result.append(contentsOf: content)
        index += pattern.count
      } else {
        result.append(text[index])
        index += 1
      }
    }
    // Only what could still become an occurrence stays.
    while index < text.endIndex, !pattern.starts(with: text[index...]) {
      result.append(text[index])
      index += 1
    }
    text = text[index...]
    return result
  }
}

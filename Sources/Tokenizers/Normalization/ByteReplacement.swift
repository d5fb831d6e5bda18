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

  /// The text with every occurrence replaced.
  func apply(to text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    let end = replace(in: text, appendingTo: &result)
    result += text[end...]
    return result
  }

  /// Appends `text` with every occurrence replaced, up to where an occurrence may begin that goes on after it.
  ///
  /// - Returns: how far that is.
  func replace(in text: [UInt8], appendingTo result: inout [UInt8]) -> Int {
    var copied = 0
    var index = 0
    while index < text.count {
      if text[index] == pattern[0] {
        let length = matchLength(at: index, in: text)
        if length == pattern.count {
          result += text[copied..<index]
          result += content
          index += length
          copied = index
          continue
        }
        if index + length == text.count { break }
      }
      index += 1
    }
    result += text[copied..<index]
    return index
  }

  /// How many bytes of the pattern stand at `index`.
  private func matchLength(at index: Int, in text: [UInt8]) -> Int {
    var length = 0
    while length < pattern.count, index + length < text.count, text[index + length] == pattern[length] { length += 1 }
    return length
  }
}

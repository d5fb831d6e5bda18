/// Reads the little XML that answers hold: elements with text, without attributes that matter.
struct MarkupReader {
  private let text: String

  init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

  private init(_ text: Substring) { self.text = String(text) }

  /// The text of the first element called `name`.
  func first(_ name: String) -> String? { elements(name, atMost: 1).first.map { Self.decoded($0.text) } }

  /// The elements called `name`, none inside another, in order.
  func elements(_ name: String, atMost limit: Int = .max) -> [MarkupReader] {
    var found: [MarkupReader] = []
    var rest = text[...]
    while found.count < limit, let start = rest.firstRange(of: "<\(name)>"),
      let end = rest[start.upperBound...].firstRange(of: "</\(name)>")
    {
      found.append(MarkupReader(rest[start.upperBound..<end.lowerBound]))
      rest = rest[end.upperBound...]
    }
    return found
  }

  /// Text with its references resolved.
  private static func decoded(_ text: String) -> String {
    guard text.contains("&") else { return text }
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "&") {
      result += rest[..<start]
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: ";") else { return result + "&" + rest }
      let name = rest[..<end]
      result += character(name).map { String($0) } ?? "&\(name);"
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private static func character(_ name: Substring) -> Character? {
    if let known = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"][String(name)] {
      return Character(known)
    }
    guard name.hasPrefix("#") else { return nil }
    let digits = name.dropFirst()
    let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    return number.flatMap(Unicode.Scalar.init).map(Character.init)
  }
}

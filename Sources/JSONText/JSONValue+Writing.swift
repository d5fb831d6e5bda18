extension JSONValue {
  /// The canonical form (RFC 8785): keys in order, no white space, nothing escaped that need not be.
  package var canonicalBytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .null:
      bytes += "null".utf8
    case .bool(let value):
      bytes += (value ? "true" : "false").utf8
    case .integer(let value):
      bytes += String(value).utf8
    case .number(let value):
      bytes += Self.canonicalText(of: value).utf8
    case .string(let value):
      Self.write(value, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      // RFC 8785 orders keys by UTF-16 code units.
      let keys = members.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
      for (index, key) in keys.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        members[key]?.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// A number as ECMAScript writes it: Swift finds the same digits, the fewest that tell it apart, and puts the point elsewhere.
  private static func canonicalText(of number: Double) -> String {
    guard number.isFinite else { return "null" }  // as JavaScript's `JSON.stringify` does
    guard number != 0 else { return "0" }
    let text = "\(number.magnitude)"
    let mantissa = text.prefix { $0 != "e" }
    let exponent = Int(text.dropFirst(mantissa.count + 1)) ?? 0
    let written = mantissa.filter { $0 != "." }
    var digits = written.drop { $0 == "0" }
    // How many of the digits stand before the point.
    let point = mantissa.prefix { $0 != "." }.count + exponent - (written.count - digits.count)
    while digits.last == "0" { digits.removeLast() }
    let sign = number < 0 ? "-" : ""
    switch point {
    case digits.count...21: return sign + digits + String(repeating: "0", count: point - digits.count)
    case 1...21: return "\(sign)\(digits.prefix(point)).\(digits.dropFirst(point))"
    case -5...0: return "\(sign)0.\(String(repeating: "0", count: -point))\(digits)"
    default:
      let fraction = digits.dropFirst()
      return "\(sign)\(digits.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)e\(point > 0 ? "+" : "")\(point - 1)"
    }
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case ..<0x10: bytes += "u000\(String(byte, radix: 16))".utf8
        case ..<0x20: bytes += "u00\(String(byte, radix: 16))".utf8
        default: bytes.append(byte)
        }
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

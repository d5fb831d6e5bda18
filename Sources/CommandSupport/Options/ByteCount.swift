internal import ArgumentParser

/// A number of bytes as people write it: `200000`, `200MB`, `1.5 GiB`.
package struct ByteCount: ExpressibleByArgument {
  package let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }

  /// Powers of 1,000 (`kB`, `MB`, `GB`, `TB`) and of 1,024 (`KiB`, `MiB`, `GiB`, `TiB`), in either case, with or without the
  /// `B`.
  package init?(argument: String) {
    let number = argument.prefix { ("0"..."9").contains($0) || $0 == "." }
    let unit = argument.dropFirst(number.count).drop { $0 == " " }.lowercased()
    guard let value = Double(number), let factor = Self.factor(of: unit) else { return nil }
    // What has no unit is a number of bytes, and they come whole.
    guard let bytes = Int(exactly: (value * factor).rounded(.down)), factor > 1 || Double(bytes) == value else {
      return nil
    }
    self.bytes = bytes
  }

  package var defaultValueDescription: String { formatted(bytes: bytes) }

  private static func factor(of unit: String) -> Double? {
    switch unit {
    case "", "b", "bytes": 1
    case "k", "kb": 1e3
    case "m", "mb": 1e6
    case "g", "gb": 1e9
    case "t", "tb": 1e12
    case "ki", "kib": 1024
    case "mi", "mib": 1_048_576
    case "gi", "gib": 1_073_741_824
    case "ti", "tib": 1_099_511_627_776
    default: nil
    }
  }
}

internal import Foundation

/// A number of bytes for people: `3.4 MB` (powers of 1,000).
package func formatted(bytes: Int) -> String {
  let units = ["bytes", "kB", "MB", "GB", "TB"]
  var value = Double(bytes)
  var unit = 0
  while value >= 1000, unit + 1 < units.count {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", value, units[unit])
}

/// A time for people: `820 ms`, `3.4 s`, `2 min 5 s`.
package func formatted(seconds: Double) -> String {
  if seconds < 1 { return String(format: "%.0f ms", seconds * 1000) }
  if seconds < 60 { return String(format: "%.1f s", seconds) }
  guard seconds < 86_400 else { return "more than a day" }
  let whole = Int(seconds.rounded())
  return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
}

/// A time of the day for people: `2026-11-27T02:47:01Z`.
package func formatted(time seconds: Int) -> String {
  Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
}

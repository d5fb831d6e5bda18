import Foundation
import Testing

@testable import ObjectStorage

@Suite struct TimestampTests {
  /// Against Foundation's calendar.
  @Test func everyTimeIsFoundations() throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    var random = SystemRandomNumberGenerator()
    let times =
      [0, 951_782_399, 951_782_400, 1_709_164_800, 4_102_444_799]
      + (0..<2000).map { _ in Int.random(in: 0...9_000_000_000, using: &random) }
    for time in times {
      let date = Date(timeIntervalSince1970: Double(time))
      formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
      #expect(Timestamp(time).time == formatter.string(from: date))
      formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.'000Z'"
      #expect(Timestamp.seconds(listed: formatter.string(from: date)) == time)
      formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
      #expect(Timestamp.seconds(header: formatter.string(from: date)) == time)
    }
  }

  @Test(arguments: ["", "2026-01-29", "2026-01-29T13:05:09", "2026-13-29T13:05:09Z", "Thu, 29 Foo 2026 13:05:09 GMT"])
  func nonsense(_ text: String) {
    #expect(Timestamp.seconds(listed: text) == nil && Timestamp.seconds(header: text) == nil)
  }
}

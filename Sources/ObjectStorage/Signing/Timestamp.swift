/// A time as requests, answers and listings have it. The calendar is the Gregorian one, in UTC, without leap seconds.
struct Timestamp {
  /// `20260129`.
  let day: String
  /// `20260129T130509Z`.
  let time: String

  /// The time of so many seconds since 1970.
  init(_ seconds: Int) {
    let (days, rest) = seconds.quotientAndRemainderFloored(86_400)
    // Years that begin in March, in eras of 400 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFloored(146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let civilMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
    day = year.digits(4) + civilMonth.digits(2) + (dayOfYear - (153 * month + 2) / 5 + 1).digits(2)
    time = day + "T" + (rest / 3600).digits(2) + (rest / 60 % 60).digits(2) + (rest % 60).digits(2) + "Z"
  }

  /// Seconds since 1970 of these parts of a time; `nil` if there is none such.
  static func seconds(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) -> Int? {
    guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shifted.quotientAndRemainderFloored(400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return (era * 146_097 + dayOfEra - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
  }

  /// Seconds since 1970 of a listing's time: `2026-01-29T13:05:09.000Z`.
  static func seconds(listed text: some StringProtocol) -> Int? {
    let numbers = text.split { !$0.isASCII || !$0.isNumber }.prefix(6).compactMap { Int($0) }
    guard numbers.count == 6, text.last == "Z" else { return nil }
    return seconds(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5])
  }

  /// Seconds since 1970 of a header's time: `Thu, 29 Jan 2026 13:05:09 GMT`.
  static func seconds(header text: some StringProtocol) -> Int? {
    let words = text.split(separator: " ")
    guard words.count == 6, let day = Int(words[1]), let year = Int(words[3]),
      let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .firstIndex(of: String(words[2]))
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3 else { return nil }
    return seconds(year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2])
  }
}

extension Int {
  fileprivate func quotientAndRemainderFloored(_ divisor: Int) -> (Int, Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  /// With zeros in front, so many digits.
  fileprivate func digits(_ count: Int) -> String {
    let text = String(self)
    return String(repeating: "0", count: Swift.max(count - text.count, 0)) + text
  }
}

internal import Glibc

extension Value {
  /// What Python's operator gives.
  func applying(_ operation: Expression.Operator, to other: Value) throws -> Value {
    switch (operation, self, other) {
    case (.add, .text(let left), .text(let right)):
      try TracedText.check(left.count, besides: right.count)
      return .text(left + right)
    case (.add, .list(let left), .list(let right)): return .list(left + right)
    case (.add, .tuple(let left), .tuple(let right)): return .tuple(left + right)
    case (.multiply, .text(let text), let count), (.multiply, let count, .text(let text)):
      return .text(TracedText(try Self.repeated(text.marks, try count.integer("the factor of a string"))))
    case (.multiply, .list(let items), let count), (.multiply, let count, .list(let items)):
      return .list(try Self.repeated(items, try count.integer("the factor of a list")))
    case (.remainder, .text(let format), _): return .text(try format.formatted(with: other))
    default: break
    }
    guard let left = number, let right = other.number else {
      throw Problem("`\(operation.rawValue)` does not go with \(kind) and \(other.kind)")
    }
    if let one = wholeNumber, let two = other.wholeNumber, operation != .divide, !(operation == .power && two < 0) {
      return .int(try Self.whole(operation, one, two))
    }
    switch operation {
    case .add: return .double(left + right)
    case .subtract: return .double(left - right)
    case .multiply: return .double(left * right)
    case .power: return .double(pow(left, right))
    case .divide, .floorDivide, .remainder:
      guard right != 0 else { throw Problem("division by zero") }
      let quotient = (left / right).rounded(.down)
      return .double(
        operation == .divide ? left / right : operation == .floorDivide ? quotient : left - quotient * right)
    }
  }

  /// The most elements that a product of a string or a list with a number may have.
  private static let longestProduct = 1 << 20

  private static func repeated<T>(_ items: [T], _ count: Int) throws -> [T] {
    let (total, overflow) = items.count.multipliedReportingOverflow(by: max(count, 0))
    guard !overflow, total <= longestProduct else { throw Problem("a product of \(count) repetitions is too long") }
    return Array(repeatElement(items, count: max(count, 0)).joined())
  }

  private var wholeNumber: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): value
    default: nil
    }
  }

  private static func whole(_ operation: Expression.Operator, _ left: Int, _ right: Int) throws -> Int {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case .add: result = left.addingReportingOverflow(right)
    case .subtract: result = left.subtractingReportingOverflow(right)
    case .multiply: result = left.multipliedReportingOverflow(by: right)
    case .power:
      var value = (partialValue: 1, overflow: false)
      // Powers of 0, 1 and -1 never overflow, however large the exponent.
      let exponent = left.magnitude <= 1 && right > 2 ? 2 + right % 2 : right
      var done = 0
      while done < exponent, !value.overflow {
        value = value.partialValue.multipliedReportingOverflow(by: left)
        done += 1
      }
      result = value
    case .divide, .floorDivide, .remainder:
      guard right != 0 else { throw Problem("division by zero") }
      let quotient = left.dividedReportingOverflow(by: right)
      guard !quotient.overflow else { throw Problem("a number is too large") }
      let remainder = left - quotient.partialValue * right
      let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
      return operation == .remainder
        ? (isBelow ? remainder + right : remainder) : quotient.partialValue - (isBelow ? 1 : 0)
    }
    guard !result.overflow else { throw Problem("a number is too large") }
    return result.partialValue
  }

  var negated: Value {
    get throws {
      switch self {
      case .double(let value): return .double(-value)
      default:
        let (value, overflow) = Int(0).subtractingReportingOverflow(try integer("what `-` stands before"))
        guard !overflow else { throw Problem("a number is too large") }
        return .int(value)
      }
    }
  }
}

extension TracedText {
  /// Python's `%`: the conversions `%s`, `%r`, `%d`, `%i`, `%f` with a precision, `%x`, `%%`.
  func formatted(with value: Value) throws -> TracedText {
    var values: ArraySlice<Value> = if case .tuple(let items) = value { items[...] } else { [value] }
    var result: [Mark] = []
    var index = 0
    while index < count {
      guard marks[index].scalar == "%" else {
        result.append(marks[index])
        index += 1
        continue
      }
      var digits = ""
      index += 1
      while index < count, "0123456789.".unicodeScalars.contains(marks[index].scalar) {
        digits.unicodeScalars.append(marks[index].scalar)
        index += 1
      }
      guard index < count else { throw Problem("a format ends in `%`") }
      let conversion = marks[index].scalar
      index += 1
      if conversion == "%" {
        result.append(Mark(scalar: "%", origin: .template))
        continue
      }
      guard let value = values.popFirst() else { throw Problem("a format has more places than values") }
      let text = try Self.converted(value, conversion, digits).marks
      try Self.check(result.count, besides: text.count)
      result += text
    }
    guard values.isEmpty else { throw Problem("a format has fewer places than values") }
    return TracedText(result)
  }

  private static func converted(_ value: Value, _ conversion: Unicode.Scalar, _ digits: String) throws -> TracedText {
    switch conversion {
    case "s" where digits.isEmpty: return value.written
    case "r" where digits.isEmpty: return value.represented
    case "d", "i":
      guard let number = value.number, abs(number) < 0x1p62, digits.isEmpty else { break }
      return TracedText(String(Int(number)))
    case "x": return TracedText(String(try value.integer("the value of `%x`"), radix: 16))
    case "f":
      guard let number = value.number, digits.isEmpty || digits.first == ".",
        let places = Int(digits.dropFirst()) ?? (digits.isEmpty ? 6 : nil),
        places <= 30
      else { break }
      return TracedText(number.text(places: places))
    default: break
    }
    throw Problem("the format `%\(digits)\(conversion)` is not supported for \(value.kind)")
  }
}

extension Double {
  /// The number with so many digits behind the point.
  func text(places: Int) -> String {
    guard isFinite else { return pythonText }
    var buffer = [CChar](repeating: 0, count: 400)
    let count = unsafe withVaList([Int32(places), self]) { unsafe vsnprintf(&buffer, buffer.count, "%.*f", $0) }
    return String(
      decoding: buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Names that nobody can guess, for requests and answers.
enum RandomName {
  private static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")

  /// A name of 24 letters and digits: 124 bits.
  static func make() -> String {
    var generator = SystemRandomNumberGenerator()
    return String((0..<24).compactMap { _ in letters.randomElement(using: &generator) })
  }
}

/// Finds the first of some stop strings in text that comes in pieces, and holds back what may yet become one.
package struct StopMatcher {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  /// Whether a stop string was found; nothing comes out after it.
  package private(set) var isStopped = false

  /// - Parameter stops: empty strings among them are passed over.
  package init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// Takes a piece of text in and gives what is certain to stand before any stop string.
  package mutating func append(_ piece: String) -> String {
    guard !isStopped else { return "" }
    held.append(contentsOf: piece.utf8)
    var cut = held.count
    for start in held.indices {
      for stop in stops where start + stop.count <= held.count && held[start...].starts(with: stop) {
        isStopped = true
        return take(start, dropRest: true)
      }
      if cut == held.count, stops.contains(where: { $0.starts(with: held[start...]) }) { cut = start }
    }
    return take(cut, dropRest: false)
  }

  /// What is still held back, at the end of the text.
  package mutating func finish() -> String { isStopped ? "" : take(held.count, dropRest: true) }

  private mutating func take(_ count: Int, dropRest: Bool) -> String {
    let text = String(decoding: held[..<count], as: UTF8.self)
    held = dropRest ? [] : Array(held[count...])
    return text
  }
}

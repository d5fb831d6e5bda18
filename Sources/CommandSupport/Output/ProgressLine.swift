internal import PromptCache

/// One line on a terminal that is drawn over again; nothing elsewhere.
package struct ProgressLine {
  private let stream = StandardStream.error
  private let clock = ContinuousClock()
  private var lastDrawn: ContinuousClock.Instant?

  private static let barCells = 24
  private static let interval = Duration.milliseconds(80)

  package init() {}

  /// Draws the line, if it has not just been drawn.
  package mutating func draw(_ fraction: Double, _ text: String) {
    guard stream.obeysControls else { return }
    let now = clock.now
    if let lastDrawn, now - lastDrawn < Self.interval, fraction < 1 { return }
    lastDrawn = now
    let filled = Int((min(max(fraction, 0), 1) * Double(Self.barCells)).rounded())
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barCells - filled)
    // A line that is wider than the terminal could not be drawn over.
    let room = max(stream.width - Self.barCells - 3, 0)
    write("\r\u{1B}[K\(bar) \(text.printable(limit: room))")
  }

  /// Removes the line.
  package mutating func clear() {
    guard lastDrawn != nil else { return }
    write("\r\u{1B}[K")
    lastDrawn = nil
  }

  private func write(_ text: String) { try? stream.write(Array(text.utf8)) }
}

internal import PromptCache

/// How far work has come: on a terminal one line that is drawn over again. Elsewhere, as in the log of CI, a line now and then
/// where it takes long.
package struct ProgressLine {
  private let stream = StandardStream.error
  private let clock = ContinuousClock()
  private var lastDrawn: ContinuousClock.Instant?
  private var pace = ProgressPace()

  private static let barCells = 24
  private static let interval = Duration.milliseconds(80)

  package init() {}

  /// Draws the line, if it has not just been drawn.
  package mutating func draw(_ fraction: Double, _ text: String) {
    let now = clock.now
    guard stream.obeysControls else {
      if pace.isDue(at: now) { Notes.line("pmlc: \(text)") }
      return
    }
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
    pace.rest(at: clock.now)
    guard lastDrawn != nil else { return }
    write("\r\u{1B}[K")
    lastDrawn = nil
  }

  private func write(_ text: String) { try? stream.write(Array(text.utf8)) }
}

/// When to say how far work has come where no line can be drawn over: first when it has taken a while, then less often.
private struct ProgressPace {
  private static let first = Duration.seconds(10)
  private static let further = Duration.seconds(30)

  private var due: ContinuousClock.Instant?
  private var rested: ContinuousClock.Instant?

  /// Whether to say so now.
  mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
    // Work that follows at once goes on with what was before it: many short pieces take long together.
    if let rested, now - rested > Self.first { due = nil }
    rested = nil
    guard let next = due else {
      due = now + Self.first
      return false
    }
    guard now >= next else { return false }
    due = now + Self.further
    return true
  }

  /// A piece of work has ended.
  mutating func rest(at now: ContinuousClock.Instant) { rested = rested ?? now }
}

internal import Failure
internal import Glibc

/// Putting an object that is not there, where the server knows no `If-None-Match`: those who want to take turns.
///
/// Each first puts a mark, `turns/NAME/…`, and then lists the marks. Who sees no other has its turn: it looks whether the
/// object is there, puts it if not, and removes the mark. Of two, one at least sees the other's mark, or what the other has
/// put; listings have to be up to date for that. Who sees others takes its mark back, unless it has the first of them, so
/// that somebody comes first. A mark says for how long it holds: one that is older belongs to somebody who is dead.
extension ObjectStore {
  /// Seconds that a mark holds, and a further one for each so many bytes.
  private static let turnTime = 60
  private static let turnRate = 1 << 17
  /// How long a turn may be waited for with one mark.
  private static let waitingTime = Duration.seconds(20)
  /// How many turns of others are waited for.
  private static let turnLimit = 50

  /// What the names of marks of objects begin with whose names begin with `prefix`.
  public static func turns(of prefix: String) -> String { "turns/\(prefix)" }

  /// Puts an object if there is none, when it is this client's turn.
  ///
  /// - Returns: `false` if there is one.
  func putAlone(_ body: ObjectBody, as name: String) throws(ObjectStorageError) -> Bool {
    let folder = Self.turns(of: name) + "/"
    let seconds = Self.turnTime + body.byteCount / Self.turnRate
    var pause = options.firstPause
    for _ in 0..<Self.turnLimit {
      let mark = "\(folder)\(String(UInt64.random(in: 1 << 60 ... .max), radix: 16))-\(seconds)"
      let start = ContinuousClock.now
      try put(ObjectBody([]), as: mark)
      let isPut: Bool?
      do throws(ObjectStorageError) {
        isPut = try takeTurn(mark, in: folder, since: start) { () throws(ObjectStorageError) in
          guard try status(of: name) == nil else { return false }
          return try put(body, as: name)
        }
      } catch {
        end(mark)
        throw error
      }
      end(mark)
      if let isPut {
        // Others may have taken it for a dead one's: nobody knows which one came last.
        guard !isPut || ContinuousClock.now - start < .seconds(seconds) else {
          throw .unreachable(endpoint: endpoint.description, problem: "it took too long")
        }
        return isPut
      }
      // Others are at it.
      repeat {
        usleep(UInt32(Double.random(in: 0.3...1) * pause.seconds * 1e6))
        pause = min(pause * 2, .seconds(2))
        if try status(of: name) != nil { return false }
      } while try !marks(in: folder).isEmpty
    }
    throw .unreachable(endpoint: endpoint.description, problem: "others put \(name.quoted(limit: 300)) all the time")
  }

  /// Runs `body` if there is no other mark, or once there is none.
  ///
  /// - Returns: `nil` if others come first.
  private func takeTurn(
    _ mark: String, in folder: String, since start: ContinuousClock.Instant,
    _ body: () throws(ObjectStorageError) -> Bool
  ) throws(ObjectStorageError) -> Bool? {
    while true {
      let others = try marks(in: folder).filter { $0 != mark }
      guard ContinuousClock.now - start < Self.waitingTime else { return nil }
      if others.isEmpty { return try body() }
      guard others.allSatisfy({ mark < $0 }) else { return nil }
      usleep(UInt32(Double.random(in: 0.3...1) * options.firstPause.seconds * 1e6))
    }
  }

  /// One that stays is a dead one's after a while.
  private func end(_ mark: String) { _ = try? remove(mark) }

  /// The marks of those who are alive.
  private func marks(in folder: String) throws(ObjectStorageError) -> [String] {
    try list(folder).filter { mark in
      let seconds = mark.name.split(separator: "-").last.flatMap { Int($0) } ?? Self.turnTime
      return age(of: mark.time) <= seconds
    }.map(\.name)
  }
}

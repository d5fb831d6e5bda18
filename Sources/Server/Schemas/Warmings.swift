internal import JSONText
internal import PromptCache
internal import Synchronization

/// The warming of schemas that clients have sent, by the schema's name.
final class Warmings: Sendable {
  /// How far one is.
  struct State: Sendable {
    enum Phase: String, Sendable {
      case warming, done, failed
    }

    let schema: String
    var phase = Phase.warming
    /// Tokens of encodings that are computed, and their number.
    var tokensDone = 0
    var tokensTotal: Int
    var version: Int?
    var seconds = 0.0
    var error: String?

    var isUnderWay: Bool { phase == .warming }

    var json: [String: JSONValue] {
      [
        "schema": .string(schema), "status": .string(phase.rawValue), "tokens_done": .integer(tokensDone),
        "tokens_total": .integer(tokensTotal), "version": version.map { .integer($0) } ?? .null,
        "seconds": .number(seconds), "error": error.map { .string($0) } ?? .null,
      ]
    }
  }

  private struct Entry {
    let number: Int
    var state: State
    var task: Task<Void, Never>?
  }

  private let entries = Mutex<[String: Entry]>([:])
  private let started = Atomic<Int>(0)

  /// How far the newest one of a schema is.
  func state(of schema: String) -> State? { entries.withLock { $0[schema]?.state } }

  /// Begins one. An older one of the same schema is stopped: what it has computed stays.
  ///
  /// - Parameter work: does it; it is given what changes the state.
  func begin(
    _ state: State,
    _ work: @escaping @Sendable (_ change: @escaping @Sendable (@Sendable (inout State) -> Void) -> Void) async -> Void
  ) {
    let number = started.wrappingAdd(1, ordering: .relaxed).newValue
    let before = entries.withLock { entries in
      let before = entries[state.schema]?.task
      entries[state.schema] = Entry(number: number, state: state)
      return before
    }
    before?.cancel()
    let task = Task { [self] in
      await before?.value
      await work { [self] change in
        entries.withLock { entries in
          guard entries[state.schema]?.number == number, var entry = entries[state.schema] else { return }
          change(&entry.state)
          entries[state.schema] = entry
        }
      }
    }
    entries.withLock { if $0[state.schema]?.number == number { $0[state.schema]?.task = task } }
  }

  /// Notes one that had nothing to do.
  func note(_ state: State) {
    let number = started.wrappingAdd(1, ordering: .relaxed).newValue
    entries.withLock { $0[state.schema] = Entry(number: number, state: state) }
  }

  /// Stops all of them.
  func stop() {
    for entry in entries.withLock({ Array($0.values) }) { entry.task?.cancel() }
  }
}

extension Tenant {
  /// Compiles a schema that a client has sent. It has no folder, so it names no files.
  ///
  /// - Returns: the schema, and what `check` would warn of.
  func compile(schema source: SourceFile) throws(APIError) -> (schema: PlannedSchema, warnings: JSONValue) {
    let result = model.model.compile(schema: source, includes: NoIncludes())
    do throws(PromptCacheError) {
      let schema = try result.get()
      let warnings = try? JSONValue(parsing: Array(JSONRenderer.render(result.diagnostics).utf8))
      return (schema, warnings ?? [])
    } catch {
      throw APIError(error)
    }
  }

  /// Warms a schema in the background, unless the store has all of it.
  func warm(_ schema: PlannedSchema) throws(APIError) -> Warmings.State {
    do throws(PromptCacheError) {
      let element = try session.schema(schema).element
      let forecast = try session.forecast(schema, as: element)
      let newest = try? session.schema(named: schema.name, as: element)
      var state = Warmings.State(schema: schema.name, tokensTotal: forecast.tokensComputed)
      if forecast.tokensComputed == 0, let newest, newest.schema.hash == schema.hash {
        state.phase = .done
        state.version = newest.version
        warmings.note(state)
        return state
      }
      warmings.begin(state) { [session] change in
        let clock = ContinuousClock()
        let start = clock.now
        do {
          let warmed = try await session.warm(schema, as: element, priority: .background) { progress in
            change { state in
              state.tokensDone = progress.tokensDone
              state.tokensTotal = progress.tokensTotal
              state.seconds = progress.seconds
            }
          }
          change { state in
            state.phase = .done
            state.version = warmed.version
            state.tokensDone = state.tokensTotal
            state.seconds = (clock.now - start).seconds
          }
        } catch {
          let message = (error as? PromptCacheError)?.description ?? "\(error)"
          change { state in
            state.phase = .failed
            state.error = message
            state.seconds = (clock.now - start).seconds
          }
        }
      }
      return state
    } catch {
      throw APIError(error)
    }
  }
}

/// A document that came over the network has no folder, and must not reach into this machine's.
private struct NoIncludes: IncludeReader {
  func bytes(of path: FilePath, limit: Int) throws(IncludeError) -> [UInt8] { throw .noFolder }
}

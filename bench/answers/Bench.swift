import Foundation
import PromptCache

/// Prompts that share what is cached, and their answers.
struct Bench: Sendable {
  struct Gaps {
    /// Seconds between two tokens, alone, beside other work, and what nine of ten stay below there.
    var usual = 0.0, beside = 0.0, besideMost = 0.0
    /// Of the other work.
    var tokens = 0
    /// Seconds of the other work, alone and beside an answer.
    var alone = 0.0, together = 0.0
  }

  private let session: CacheSession
  private let schema: WarmedSchema
  private let tokens: Int

  init(_ session: CacheSession, cached: Int, tokens: Int) throws {
    self.session = session
    self.tokens = tokens
    let text = Self.text(ofTokens: cached, for: session.model)
    schema = try session.warm(
      SourceFile(path: "bench", text: "<schema name=\"bench\"><module name=\"m\">\(text)</module></schema>"))
  }

  /// A text of about so many tokens.
  private static func text(ofTokens tokens: Int, for model: LoadedModel, seed: Int = 0) -> String {
    let words = ["the", "trip", "lasts", "days", "and", "goes", "to", "town", "by", "sea"]
    var text = ""
    var count = 0
    while count < tokens {
      let some = (0..<20).map { " " + words[($0 * 7 + count * 3 + seed) % words.count] }.joined()
      text += some
      count += model.tokenizer.tokens(of: some).count
    }
    return text
  }

  private func ready(_ text: String) throws -> ReadyPrompt {
    let source = SourceFile(path: "prompt", text: "<prompt schema=\"bench\"><m/>\(text)</prompt>")
    return try session.ready(session.model.compile(prompt: source, of: schema.schema).get(), of: schema)
  }

  private func options(_ seed: Int, tokens: Int) -> GenerationOptions {
    var options = GenerationOptions(
      maximumTokens: tokens, sampling: SamplingOptions(temperature: 1, topK: 40, seed: UInt64(seed)))
    options.ignoresEndTokens = true
    return options
  }

  /// Whole answers, from the request to the last token, each read by a task of its own.
  func tokensPerSecond(of count: Int) async throws -> Double {
    let prompts = try (0..<count).map { try ready(" What is number \($0)?") }
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (seed, prompt) in prompts.enumerated() {
        group.addTask {
          _ = try await session.generate(from: prompt, options: options(seed, tokens: tokens)).completion()
        }
      }
      try await group.waitForAll()
    }
    return Double(count * tokens) / seconds(since: start)
  }

  /// The time between two tokens of one answer, without and with a long prompt beside it.
  func gaps(besidePromptOf length: Int, rounds: Int) async throws -> Gaps {
    let prompt = try ready(Self.text(ofTokens: length, for: session.model, seed: 1))
    return try await gaps(rounds: rounds) { _ in
      try await session.generate(from: prompt, options: options(0, tokens: 1)).completion().usage.promptTokens
    }
  }

  /// The same with a schema of one module beside it, for which a request waits.
  func gaps(besideSchemaOf length: Int, rounds: Int) async throws -> Gaps {
    let texts = (0..<2 * rounds).map { Self.text(ofTokens: length, for: session.model, seed: 2 + $0) }
    return try await gaps(rounds: rounds) { count in
      let source = SourceFile(
        path: "other", text: "<schema name=\"other\"><module name=\"m\">\(texts[count])</module></schema>")
      return try await session.warm(session.model.compile(schema: source).get(), priority: .answer)
        .report?.tokensComputed ?? 0
    }
  }

  /// - Parameter work: done alone and beside the answer, again and again; gives its number of tokens.
  private func gaps(
    rounds: Int, beside work: @escaping @Sendable (_ count: Int) async throws -> Int
  ) async throws -> Gaps {
    let short = try ready(" What is number 1?")
    var gaps = Gaps()
    var (usual, beside, alone, together): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for round in 0..<rounds {
      let start = ContinuousClock.now
      gaps.tokens = try await work(2 * round)
      alone.append(seconds(since: start))

      var coming: Task<Double, any Error>?
      let isDone = Flag()
      var last = ContinuousClock.now
      var count = 0
      for try await case .token in try session.generate(from: short, options: options(1, tokens: 4000)) {
        let gap = seconds(since: last)
        last = .now
        count += 1
        if count > 4 { if coming == nil { usual.append(gap) } else { beside.append(gap) } }
        if count == 44 {
          coming = Task {
            let start = ContinuousClock.now
            _ = try await work(2 * round + 1)
            isDone.set()
            return seconds(since: start)
          }
        }
        if isDone.isSet { break }
      }
      if let coming { together.append(try await coming.value) }
    }
    gaps.usual = median(usual)
    gaps.beside = median(beside)
    gaps.besideMost = beside.sorted()[beside.count * 9 / 10]
    gaps.alone = median(alone)
    gaps.together = median(together)
    return gaps
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}

/// Something that a task tells another one.
private final class Flag: Sendable {
  private let lock = NSLock()
  nonisolated(unsafe) private var value = false

  var isSet: Bool { lock.withLock { unsafe value } }

  func set() { lock.withLock { unsafe value = true } }
}

import ArgumentParser
import PromptCache

/// Ends answers before they are done, in the ways there are.
///
///     swift run -c release --package-path Examples CancelAnswers SCHEMA STORE PROMPT
@main struct CancelAnswers: AsyncParsableCommand {
  @Argument(help: "A schema.") var schema: String
  @Argument(help: "The store's folder; made if it is missing.") var store: String
  @Argument(help: "A prompt of the schema.") var prompt: String

  func run() async throws {
    let session = try CacheSession(model: LoadedModel(at: nil), storeAt: FilePath(store))
    let handbook = try session.warm(.read(FilePath(schema)))
    // Hot enough to go on and on.
    let wild = GenerationOptions(maximumTokens: 1_000_000, sampling: SamplingOptions(temperature: 30, seed: 1))
    let answer = try session.generate(from: .read(FilePath(prompt)), of: handbook, options: wild)

    // Whoever stops reading stops the computation.
    var count = 0
    for try await case .token in answer {
      count += 1
      if count == 5 { break }
    }
    print("read \(count) tokens, then stopped")

    // So does cancelling the task that reads, within the time of a layer, even inside a long prompt.
    let task = Task { try await answer.completion() }
    try await Task.sleep(for: .milliseconds(50))
    task.cancel()
    do {
      _ = try await task.value
    } catch PromptCacheError.cancelled {
      print("cancelled the task")
    }

    // A stop string, or a number of tokens, ends an answer that is complete all the same.
    let short = GenerationOptions(maximumTokens: 3, stops: ["\n"])
    let completion = try await session.generate(from: .read(FilePath(prompt)), of: handbook, options: short)
      .completion()
    print("ended after \(completion.tokens.count) tokens: \(completion.finishReason)")
  }
}

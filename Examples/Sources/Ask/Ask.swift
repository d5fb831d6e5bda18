import ArgumentParser
import PromptCache

/// Answers questions about the handbook from states that are computed once.
///
///     swift run -c release --package-path Examples Ask SCHEMA STORE PROMPT…
@main struct Ask: AsyncParsableCommand {
  @Argument(help: "A schema.") var schema: String
  @Argument(help: "The store's folder; made if it is missing.") var store: String
  @Argument(help: "Prompts of the schema.") var prompts: [String]

  func run() async throws {
    // A Hugging Face folder in place of `nil` loads another model than the small one that ships.
    let session = try CacheSession(model: LoadedModel(at: nil), storeAt: FilePath(store))
    // Computes what the store lacks: everything the first time, nothing the second, what changed after an edit.
    let handbook = try session.warm(.read(FilePath(schema)))

    for path in prompts {
      let options = GenerationOptions(maximumTokens: 24)
      for try await event in try session.generate(from: .read(FilePath(path)), of: handbook, options: options) {
        switch event {
        case .token: break
        case .text(let piece): print(piece, terminator: "")
        case .finish(let answer):
          print(" (\(answer.usage.cachedTokens) of \(answer.usage.promptTokens) tokens from the store)")
        }
      }
    }
  }
}

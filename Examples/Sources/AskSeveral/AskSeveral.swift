import ArgumentParser
import PromptCache

/// Answers several prompts at once, and prints the answers in the order of the prompts.
///
///     swift run -c release --package-path Examples AskSeveral SCHEMA STORE PROMPT…
@main struct AskSeveral: AsyncParsableCommand {
  @Argument(help: "A schema.") var schema: String
  @Argument(help: "The store's folder; made if it is missing.") var store: String
  @Argument(help: "Prompts of the schema.") var prompts: [String]

  func run() async throws {
    let session = try CacheSession(model: LoadedModel(at: nil), storeAt: FilePath(store))
    let handbook = try session.warm(.read(FilePath(schema)))

    // Any number of tasks may use a session. An answer is the same, to the bit, whatever is computed beside it.
    let answers = try await withThrowingTaskGroup(of: (Int, Completion).self) { group in
      for (index, path) in prompts.enumerated() {
        group.addTask {
          let options = GenerationOptions(maximumTokens: 24)
          let answer = try session.generate(from: .read(FilePath(path)), of: handbook, options: options)
          return (index, try await answer.completion())
        }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }

    for (index, path) in prompts.enumerated() {
      print("\(path):\(answers[index]?.text ?? "")")
    }
  }
}
